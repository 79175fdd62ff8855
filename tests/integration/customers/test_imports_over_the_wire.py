"""Imports over the wire: batches, counts, and what a broken one leaves behind."""

from typing import Any

import psycopg
import pytest

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.customers.v1 import listing_pb2
from services.customers.domain.import_row import checked_row
from tests.fixtures.databases import ServiceDatabase
from tests.integration.customers.served import Served

OPEN = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%' AND datname = %s"


def parts(*batches: list[import_pb.ImportRow], source: str = "crm") -> list[import_pb.ImportCustomersRequest]:
    options = import_pb.ImportCustomersRequest(options=import_pb.ImportOptions(source=source))
    return [
        options,
        *(import_pb.ImportCustomersRequest(rows=import_pb.ImportRows(rows=batch)) for batch in batches),
    ]


def row(number: int, **customer: Any) -> import_pb.ImportRow:
    return import_pb.ImportRow(row_number=number, id=str(number), customer=model.Customer(**customer))


def test_an_import_answers_each_batch_and_its_counts_add_up(served: Served) -> None:
    client = served.client()
    batches = [[row(1, name="Ann"), row(2)], [row(1, name="Ann"), row(3, name="Cy", birth_date_text="31/31")]]
    first, second = client.ImportCustomers(iter(parts(*batches)))
    assert (first.counts.read, first.counts.created, first.counts.invalid) == (2, 1, 1)
    assert (second.counts.read, second.counts.created, second.counts.unchanged) == (4, 2, 1)
    assert [outcome.row_number for outcome in second.outcomes] == [1, 3]
    assert second.outcomes[1].warnings[0].field == "customer.birth_date"
    assert first.outcomes[1].problems[0].field == "customer"


def test_what_a_broken_import_did_before_stays_and_nothing_is_half_done(served: Served) -> None:
    client = served.client()
    wrong = [*parts([row(1, name="Ann")]), import_pb.ImportCustomersRequest()]
    assert client.refused("ImportCustomers", iter(wrong)).fields == ["rows"]
    assert client.ListCustomers(listing_pb2.ListCustomersRequest()).total_size == 1


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([], "options"),
        (parts([row(1, name="Ann")])[1:], "options"),
        (parts(source="s" * 65), "options.source"),
        ([*parts(), *parts()], "rows"),
        (parts([]), "rows"),
    ],
)
def test_an_import_that_does_not_begin_right_is_refused(served: Served, requests: list[Any], field: str) -> None:
    assert served.client().refused("ImportCustomers", iter(requests)).fields == [field]


def test_rows_are_checked_while_no_transaction_is_open(
    served: Served, customers_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row may hold what takes long to check, and who is idle inside a transaction for long is thrown out of it."""
    found: list[Any] = []

    def watched(*row: Any, **options: Any) -> Any:
        with psycopg.connect(customers_database.admin_url) as admin:
            found.append(admin.execute(OPEN, (customers_database.name,)).fetchall())
        return checked_row(*row, **options)

    monkeypatch.setattr("services.customers.operations.import_customers.checked_row", watched)
    [answer] = served.client().ImportCustomers(iter(parts([row(1, name="Ann"), row(2, name="Bo")])))
    assert (answer.counts.created, found) == (2, [[(0,)]] * 2)

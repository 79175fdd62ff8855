"""Lists reach their rows by an index: what is read and thrown away stays small."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest

from services.customers.domain.listing import Question
from services.customers.store import listing
from services.runtime.core_sql import core_sql
from services.runtime.database import Database, TenantScope, Transaction
from tests.fixtures.databases import Databases

ROWS = 20_000
SEED = """
INSERT INTO customers (company_id, customer_id, root_id, own, view, etag, revision, state, lifecycle_stage,
                       name_sort, email_sort, phone_sort, created_at, updated_at)
SELECT company, id, id, '{}', '{}', 'e', 1, CASE WHEN n %% 50 = 0 THEN 'DELETED' ELSE 'ACTIVE' END, 'PROSPECT',
       md5(n::text), 'user' || n || '@x.io', '+1202' || lpad(n::text, 7, '0'),
       now() - n * interval '1 minute', now() - ((n * 7919) %% %s) * interval '1 minute'
  FROM unnest(ARRAY['acme', 'other']) AS company, generate_series(1, %s) AS n,
       LATERAL (SELECT md5(company || n)::uuid AS id) AS made
"""


@pytest.fixture(scope="module")
def tx(databases: Databases) -> Iterator[Transaction]:
    """A transaction of a company with many customers, beside another one with as many."""
    made = databases.of_service("customers")
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")  # no audit: the rows come from nobody
        admin.execute(SEED, (ROWS, ROWS))
        admin.execute("VACUUM ANALYZE customers")
    database = Database(made.runtime_url, application_name="plans", idle_in_transaction_ms=0)
    with database.transaction(TenantScope("acme")) as opened:
        yield opened
    database.close()
    databases.leave(made.name)


class Planned:
    """Stands in the place of a transaction and keeps what it is asked, with its plan."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.indexes: list[str] = []
        self.removed = 0

    def run(self, statement: Any) -> list[dict[str, Any]]:
        sql, parameters = core_sql(statement)
        self._take(self._tx.value(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)[0]["Plan"])
        return self._tx.rows(sql, parameters)

    def _take(self, plan: Mapping[str, Any]) -> None:
        assert plan["Node Type"] != "Seq Scan"
        self.indexes += [plan["Index Name"]] if "Index Name" in plan else []
        self.removed += plan.get("Rows Removed by Filter", 0)
        for child in plan.get("Plans", ()):
            self._take(child)


def planned(tx: Transaction, after: list[Any] | None = None, **question: Any) -> Planned:
    found = Planned(tx)
    listing.page(found, Question(**question), after, 0, 21)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("CREATE_TIME", "customers_by_creation"),
        ("UPDATE_TIME", "customers_by_update"),
        ("NAME", "customers_by_name"),
        ("CUSTOMER_ID", "customers_pkey"),
    ],
)
def test_a_page_of_any_order_reads_little_more_than_the_page(
    tx: Transaction, sort: str, index: str, descending: bool
) -> None:
    first = planned(tx, sort=sort, descending=descending)
    assert first.indexes == [index]
    assert first.removed < 10
    middle = {
        "NAME": ["8", "80000000-0000-7000-8000-000000000000"],
        "CUSTOMER_ID": ["80000000-0000-7000-8000-000000000000"],
    }
    if sort in middle:
        later = planned(tx, middle[sort], sort=sort, descending=descending)
        assert (later.indexes, later.removed < 10) == ([index], True)


@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("abc", {"customers_by_name", "customers_by_email"}),
        ("user77", {"customers_by_name", "customers_by_email"}),
        ("+1202 000 0077", {"customers_by_name", "customers_by_email", "customers_by_phone"}),
        ("nobody", {"customers_by_name", "customers_by_email"}),
    ],
)
def test_a_beginning_that_few_have_is_looked_up_in_the_indexes_of_names_e_mails_and_phones(
    tx: Transaction, text: str, indexes: set[str]
) -> None:
    for sort in ("CREATE_TIME", "NAME"):
        found = planned(tx, text=text, sort=sort)
        assert set(found.indexes) == indexes
        assert found.removed < 10


def test_deleted_customers_are_found_by_their_state(tx: Transaction) -> None:
    found = planned(tx, states=("DELETED",))
    assert (found.indexes, found.removed) == (["customers_by_state"], 0)


def test_a_count_stops_above_ten_thousand_unless_it_is_asked_for_exactly(tx: Transaction) -> None:
    exact, estimated = listing.count(tx, Question(), exactly=True)
    assert (exact, estimated) == (ROWS - ROWS // 50, False)
    about, estimated = listing.count(tx, Question(), exactly=False)
    assert estimated
    assert abs(about - exact) < exact / 5
    assert listing.count(tx, Question(states=("DELETED",)), exactly=False) == (ROWS // 50, False)

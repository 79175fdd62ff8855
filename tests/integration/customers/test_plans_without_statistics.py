"""After a first import PostgreSQL knows nothing of the tables; calls read what they ask for, lists are planned anew."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from services.customers.domain.audit import AuditQuestion
from services.customers.domain.import_row import Row
from services.customers.domain.listing import Question
from services.customers.domain.merge import Merge
from services.customers.operations.add_tags import add_tags
from services.customers.operations.apply_merge import apply_merge
from services.customers.operations.batch import change_part
from services.customers.operations.batch_tasks import add_tags as adding
from services.customers.operations.change_lifecycle_stage import change_lifecycle_stage
from services.customers.operations.create_customer import create_customer
from services.customers.operations.create_note import create_note
from services.customers.operations.customer_signs import customer_signs
from services.customers.operations.deactivate_customer import deactivate_customer
from services.customers.operations.delete_customer import delete_customer
from services.customers.operations.get_customer import batch_get_customers, get_customer
from services.customers.operations.import_customers import RawRow, checked_rows, import_customers, refresh_statistics
from services.customers.operations.list_audit_entries import list_audit_entries
from services.customers.operations.list_lifecycle_history import list_lifecycle_history
from services.customers.operations.list_notes import list_notes
from services.customers.operations.lookup_customers import lookup_customers
from services.customers.operations.record_view import record_view
from services.customers.operations.remove_tags import remove_tags
from services.customers.operations.revert_merge import revert_merge
from services.customers.operations.undelete_customer import undelete_customer
from services.customers.operations.update_customer import update_customer
from services.customers.store import listing
from services.customers.store.listing import Place
from services.runtime.database import Database, TenantScope, Transaction
from tests.fixtures.databases import Databases
from tests.fixtures.rows_read import rows_read

CUSTOMERS, BATCH = 20_000, 2_500
ANALYZED = "SELECT count(*) FROM pg_stat_user_tables WHERE last_analyze IS NOT NULL"
TIMES = 8
"""More often than a statement is planned for its own values: from the sixth time on one plan serves all."""
ACME = TenantScope("acme", "ann")


def row(number: int, **draft: Any) -> Row:
    plain = {"name": f"Person {number}", "email": f"p{number}@x.io", "phone": f"+1202{number:07d}"}
    [checked] = checked_rows([RawRow(number, f"row-{number}", plain | draft)], source="file", region="US")
    return checked


@contextmanager
def imported(databases: Databases, after_batch: Callable[[Database], None]) -> Iterator[tuple[Database, list[str]]]:
    """A database into which a first file was imported."""
    made = databases.of_service("customers")
    database = Database(made.runtime_url, application_name="plans", max_size=1)
    database.epoch = "the epoch of the test"
    found: list[str] = []
    for start in range(0, CUSTOMERS, BATCH):
        with database.transaction(ACME) as tx:
            rows = [row(number) for number in range(start, start + BATCH)]
            outcomes, _ = import_customers(tx, rows, source="file", on_duplicate="ALLOW")
        found += [outcome.customer_id for outcome in outcomes]
        after_batch(database)
    yield database, found
    database.close()
    databases.leave(made.name)


@pytest.fixture(scope="module")
def unseen(databases: Databases) -> Iterator[tuple[Database, list[str]]]:
    """Nobody looked at the tables since."""
    with imported(databases, lambda database: None) as made:
        yield made


@pytest.fixture(scope="module")
def seen(databases: Databases) -> Iterator[tuple[Database, list[str]]]:
    """The planner was told of what came in, as the service does after each batch."""
    with imported(databases, lambda database: refresh_statistics(database.reader(ACME))) as made:
        yield made


def read_in(database: Database, call: Callable[[Transaction], object]) -> int:
    """How many rows of all tables a call reads in a transaction of its own."""
    with database.transaction(ACME) as tx:
        return rows_read(tx, call)


Call = Callable[[Transaction, list[str], int], object]


def update(tx: Transaction, ids: list[str], time: int) -> object:
    return update_customer(tx, ids[time], {"name": f"New {time}"}, ["name"], "")


def update_email(tx: Transaction, ids: list[str], time: int) -> object:
    return update_customer(tx, ids[100 + time], {"email": f"new{time}@x.io"}, ["email"], "")


def create(tx: Transaction, ids: list[str], time: int) -> object:
    external = [{"system": "shop", "external_id": str(time)}]
    return create_customer(tx, {"name": "Ann", "email": f"ann{time}@x.io", "external_ids": external}, "REJECT")


def create_twin(tx: Transaction, ids: list[str], time: int) -> object:
    return create_customer(tx, {"name": "Twin", "email": f"p{5000 + time}@x.io"}, "RETURN_EXISTING")


def note(tx: Transaction, ids: list[str], time: int) -> object:
    return create_note(tx, ids[200 + time], {"content": "called"})


def notes(tx: Transaction, ids: list[str], time: int) -> object:
    return list_notes(tx, ids[200 + time], page_size=10, page_token="")


def merge(tx: Transaction, ids: list[str], time: int) -> object:
    target, source = ids[300 + 2 * time : 302 + 2 * time]
    return apply_merge(tx, Merge(str(uuid.UUID(int=time + 1)), target, (source,), {}, {}, ""), {})


def undo(tx: Transaction, ids: list[str], time: int) -> object:
    return revert_merge(tx, str(uuid.UUID(int=time + 1)), "was wrong")


def import_again(tx: Transaction, ids: list[str], time: int) -> object:
    rows = [row(number, email=f"again{number}@x.io") for number in range(400 + 2 * time, 402 + 2 * time)]
    return import_customers(tx, rows, source="file", on_duplicate="ALLOW")


CALLS: list[tuple[Call, int]] = [
    (lambda tx, ids, time: get_customer(tx, ids[time]), 2),
    (lambda tx, ids, time: batch_get_customers(tx, ids[time : time + 3]), 10),
    (update, 20),
    (update_email, 30),
    (create, 20),
    (create_twin, 20),
    (note, 20),
    (notes, 30),
    (merge, 60),
    (lambda tx, ids, time: get_customer(tx, ids[301 + 2 * time]), 3),
    (undo, 60),
    (lambda tx, ids, time: delete_customer(tx, ids[600 + time], ""), 30),
    (import_again, 60),
    (lambda tx, ids, time: undelete_customer(tx, ids[600 + time], "", "", allow_duplicates=False), 40),
    (lambda tx, ids, time: change_lifecycle_stage(tx, ids[700 + time], "LEAD", "asked", ""), 30),
    (lambda tx, ids, time: list_lifecycle_history(tx, ids[700 + time], page_size=10, page_token=""), 20),
    (lambda tx, ids, time: add_tags(tx, ids[700 + time], ["a", "b"], ""), 30),
    (lambda tx, ids, time: remove_tags(tx, ids[700 + time], ["a"], ""), 30),
    (lambda tx, ids, time: deactivate_customer(tx, ids[700 + time], "", ""), 30),
    (lambda tx, ids, time: record_view(tx, ids[700 + time]), 20),
    (lambda tx, ids, time: customer_signs(tx, ids[700 + time : 703 + time]), 20),
    (lambda tx, ids, time: lookup_customers(tx, [("file", f"row-{800 + time}"), ("file", "nobody")]), 10),
    (lambda tx, ids, time: list_audit_entries(tx, ids[700 + time], AuditQuestion(), page_size=9, page_token=""), 30),
    (lambda tx, ids, time: change_part(tx, ids[900 + 3 * time : 903 + 3 * time], adding(["x"])), 90),
]


def at(call: Call, ids: list[str], time: int) -> Callable[[Transaction], object]:
    return lambda tx: call(tx, ids, time)


def test_calls_read_a_few_rows_however_many_customers_there_are(unseen: tuple[Database, list[str]]) -> None:
    database, customers = unseen
    assert database.reader(ACME).value(ANALYZED) == "0"
    for place, (call, most) in enumerate(CALLS):
        for time in range(TIMES):
            found = read_in(database, at(call, customers, time))
            assert found <= most, (place, time)


@pytest.mark.parametrize("sort", ["CREATE_TIME", "UPDATE_TIME", "NAME", "CUSTOMER_ID"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_first_page_reads_the_page(seen: tuple[Database, list[str]], sort: str, descending: bool) -> None:
    question = Question(sort=sort, descending=descending)
    first = partial(listing.page, question=question, place=Place(), limit=21, counted=0)
    for _ in range(TIMES):
        assert read_in(seen[0], first) <= 80


@pytest.mark.parametrize("text", ["person 77", "p77", "+1202 000 0077", "nobody"])
def test_a_beginning_that_few_have_reads_those_who_have_it(seen: tuple[Database, list[str]], text: str) -> None:
    for sort in ("CREATE_TIME", "CUSTOMER_ID"):
        question = Question(text=text, sort=sort)
        for _ in range(TIMES):
            assert read_in(seen[0], partial(listing.page, question=question, place=Place(), limit=21, counted=0)) <= 150

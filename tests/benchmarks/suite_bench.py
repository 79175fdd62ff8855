"""The figures of the suite: calls a second beside the bare echo, feed delay, and import beside COPY."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from examples.customer_file.command import write_customers
from patronage.customers.v1 import customer_pb2, customer_service_pb2, note_service_pb2
from patronage.matching.v1 import matching_service_pb2
from services.cli.client import Client, connected
from services.cli.context import Context
from services.cli.dedupe_input import Customers, read_customers
from services.cli.import_customers import OnDuplicate, send
from services.local.suite import Suite
from tests.benchmarks import echo, feed_delay, load

CUSTOMERS = "/patronage.customers.v1.CustomerService/"
MATCHING = "/patronage.matching.v1.MatchingService/"
CREATES = 40_000


@dataclass(frozen=True)
class Line:
    """One figure: what it is, its value, and its ratio to what it is compared with."""

    what: str
    value: str
    ratio: str


def lines(folder: Path, rows: int, seconds: float) -> Iterator[Line]:
    """Measures one after the other and yields each figure as soon as it stands."""
    source = folder / "customers.csv"
    with source.open("w", encoding="utf-8", newline="") as file, (folder / "truth.csv").open("w") as truth:
        write_customers(rows, 7, file, truth)
    customers = read_customers(source, {})
    with Suite(folder / "suite") as suite, echo.running() as echo_target:
        context = suite.context()
        with connected(Context(context, context["token"])) as client:
            yield from _imported(suite, client, customers, source)
            ids = _some_ids(client)
            yield from _calls(suite, echo_target, ids, seconds)
            yield _delay(suite)


def _imported(suite: Suite, client: Client, customers: Customers, source: Path) -> Iterator[Line]:
    begun = time.perf_counter()
    imported = send(client, customers, "bench", OnDuplicate.ALLOW, lambda stage, done: None)
    spent = time.perf_counter() - begun
    copied = _copy_seconds(suite, source)
    rows = imported.counts.read
    yield Line(f"import of {rows:,} rows", f"{rows / spent:,.0f} rows a second", f"{copied / spent:.3f} of COPY")
    yield Line("COPY of the same rows", f"{rows / copied:,.0f} rows a second", "")


def _copy_seconds(suite: Suite, source: Path) -> float:
    """The time that PostgreSQL takes to copy the file's rows into a plain table with a primary key."""
    with psycopg.connect(suite.postgres.admin_url("patronage_customers"), autocommit=True) as connection:
        header = source.open(encoding="utf-8").readline().strip().split(",")
        columns = ", ".join(f"{name} text" for name in header)
        connection.execute(f"CREATE TABLE bench_copy ({columns}, PRIMARY KEY (id))")  # type: ignore[arg-type]
        begun = time.perf_counter()
        with connection.cursor().copy("COPY bench_copy FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(source.read_bytes())
        spent = time.perf_counter() - begun
        connection.execute("DROP TABLE bench_copy")
    return spent


def _some_ids(client: Client) -> list[str]:
    request = customer_service_pb2.ListCustomersRequest(page_size=1000, sort=customer_service_pb2.CUSTOMER_SORT_NAME)
    return [customer.customer_id for customer in client.customers.ListCustomers(request).customers]


def _calls(suite: Suite, echo_target: str, ids: list[str], seconds: float) -> Iterator[Line]:
    context, token = suite.context(), suite.context()["token"]
    bare = load.measure(echo_target, echo.METHOD, [b"x" * 100], "", seconds)
    yield _line("bare echo", bare, bare)
    gets = [customer_service_pb2.GetCustomerRequest(customer_id=one).SerializeToString() for one in ids]
    yield _line(
        "GetCustomer", load.measure(context["customers"], CUSTOMERS + "GetCustomer", gets, token, seconds), bare
    )
    notes = [note_service_pb2.ListNotesRequest(customer_id=one).SerializeToString() for one in ids]
    yield _line(
        "ListNotes",
        load.measure(context["customers"], "/patronage.customers.v1.NoteService/ListNotes", notes, token, seconds),
        bare,
    )
    creates = [_create(number).SerializeToString() for number in range(CREATES)]
    yield _line(
        "CreateCustomer",
        load.measure(context["customers"], CUSTOMERS + "CreateCustomer", creates, token, seconds),
        bare,
    )
    finds = [matching_service_pb2.FindDuplicatesRequest(customer_id=one).SerializeToString() for one in ids]
    yield _line(
        "FindDuplicates",
        load.measure(context["matching"], MATCHING + "FindDuplicates", finds, token, seconds),
        bare,
    )


def _create(number: int) -> customer_service_pb2.CreateCustomerRequest:
    run = f"{os.getpid()}-{number}"
    customer = customer_pb2.Customer(
        name=f"Bench {number}", email=f"bench-{run}@example.com", phone=f"+1415{number:07d}"
    )
    return customer_service_pb2.CreateCustomerRequest(
        customer=customer, on_duplicate=customer_service_pb2.DUPLICATE_ACTION_ALLOW
    )


def _delay(suite: Suite) -> Line:
    delays = feed_delay.measure(
        suite.context()["customers"],
        write_token=suite.token("feed-delay"),
        feed_token=suite.token("feed-delay"),
        writes=300,
        per_second=50,
    )
    return Line("feed delay after the write's answer", f"p50 {delays.p50_ms} ms, p99 {delays.p99_ms} ms", "")


def _line(what: str, measured: load.Load, bare: load.Load) -> Line:
    value = f"{measured.per_second:,.0f} calls a second, p50 {measured.p50_ms} ms, p99 {measured.p99_ms} ms"
    return Line(what, value, f"{measured.per_second / bare.per_second:.2f} of the echo")

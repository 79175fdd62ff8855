"""The figures of the suite: calls a second beside the bare echo, feed delay, and import beside COPY."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from examples.customer_file.command import write_customers
from patronage.customers.v1 import customer_pb2, customer_service_pb2, listing_pb2, note_service_pb2
from patronage.matching.v1 import matching_service_pb2
from services.cli.client import Client, connected
from services.cli.context import Context
from services.cli.dedupe_input import Customers, read_customers
from services.cli.import_customers import OnDuplicate, send
from services.local.postgres import Postgres
from services.local.suite import Suite
from tests.benchmarks import echo, feed_delay, load

CUSTOMERS = "/patronage.customers.v1.CustomerService/"
MATCHING = "/patronage.matching.v1.MatchingService/"
NOTES = "/patronage.customers.v1.NoteService/"
ECHO = "bare echo"
ROUNDS = 3
CREATES = 10_000


@dataclass(frozen=True)
class _Kind:
    """One kind of call, with what it sends in each round."""

    name: str
    target: str
    method: str
    token: str
    requests: Callable[[int], list[bytes]]


@dataclass(frozen=True)
class Line:
    """One figure: what it is, its value, and its ratio to what it is compared with."""

    what: str
    value: str
    ratio: str


def lines(folder: Path, rows: int, seconds: float) -> Iterator[Line]:
    """Measures and yields each figure as soon as it stands."""
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
    followed = _followed_seconds(client, imported.change_token)
    copied = _copy_seconds(suite, source)
    rows = imported.counts.read
    yield Line(f"import of {rows:,} rows", f"{rows / spent:,.0f} rows a second", f"{copied / spent:.3f} of COPY")
    yield Line("COPY of the same rows", f"{rows / copied:,.0f} rows a second", "")
    yield Line("matching has followed the import", f"{followed:.1f} s after its end", "")


def _followed_seconds(client: Client, change_token: str) -> float:
    """The time until matching has what was imported; calls that are measured later have the machine to themselves."""
    begun = time.perf_counter()
    [anyone] = client.customers.ListCustomers(listing_pb2.ListCustomersRequest(page_size=1)).customers
    client.matching.FindDuplicates(
        matching_service_pb2.FindDuplicatesRequest(customer_id=anyone.customer_id, at_least_as_fresh=change_token)
    )
    return time.perf_counter() - begun


def _copy_seconds(suite: Suite, source: Path) -> float:
    """The time that PostgreSQL takes to copy the file's rows into a plain table with a primary key."""
    assert isinstance(suite.postgres, Postgres)
    with psycopg.connect(suite.postgres.admin_url("patronage_customers"), autocommit=True) as connection:
        header = source.open(encoding="utf-8").readline().strip().split(",")
        columns = ", ".join(f"{name} text" for name in header)
        connection.execute(f"CREATE TABLE bench_copy ({columns}, PRIMARY KEY (id))")
        begun = time.perf_counter()
        with connection.cursor().copy("COPY bench_copy FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(source.read_bytes())
        spent = time.perf_counter() - begun
        connection.execute("DROP TABLE bench_copy")
    return spent


def _some_ids(client: Client) -> list[str]:
    request = listing_pb2.ListCustomersRequest(page_size=1000, sort=listing_pb2.CUSTOMER_SORT_NAME)
    return [customer.customer_id for customer in client.customers.ListCustomers(request).customers]


def _calls(suite: Suite, echo_target: str, ids: list[str], seconds: float) -> Iterator[Line]:
    """Every kind of call in each of some rounds, beside an echo of that round: the machine may be busier in another."""
    kinds = _kinds(suite, echo_target, ids)
    found: dict[str, list[load.Load]] = {kind.name: [] for kind in kinds}
    for turn in range(ROUNDS):
        for kind in kinds:
            measured = load.measure(kind.target, kind.method, kind.requests(turn), kind.token, seconds / ROUNDS)
            found[kind.name].append(measured)
    for name, loads in found.items():
        yield _line(name, loads, found[ECHO])


def _kinds(suite: Suite, echo_target: str, ids: list[str]) -> list[_Kind]:
    context, token = suite.context(), suite.context()["token"]
    gets = [customer_service_pb2.GetCustomerRequest(customer_id=one).SerializeToString() for one in ids]
    notes = [note_service_pb2.ListNotesRequest(customer_id=one).SerializeToString() for one in ids]
    finds = [matching_service_pb2.FindDuplicatesRequest(customer_id=one).SerializeToString() for one in ids]

    def creates(turn: int) -> list[bytes]:
        return [_create(number).SerializeToString() for number in range(turn * CREATES, (turn + 1) * CREATES)]

    return [
        _Kind(ECHO, echo_target, echo.METHOD, "", lambda turn: [b"x" * 100]),
        _Kind("GetCustomer", context["customers"], CUSTOMERS + "GetCustomer", token, lambda turn: gets),
        _Kind("ListNotes", context["customers"], NOTES + "ListNotes", token, lambda turn: notes),
        _Kind("CreateCustomer", context["customers"], CUSTOMERS + "CreateCustomer", token, creates),
        _Kind("FindDuplicates", context["matching"], MATCHING + "FindDuplicates", token, lambda turn: finds),
    ]


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


def _line(what: str, loads: list[load.Load], echoes: list[load.Load]) -> Line:
    """The median round, and the median of the ratios of each round."""
    middle = sorted(loads, key=lambda one: one.per_second)[len(loads) // 2]
    ratio = statistics.median(one.per_second / bare.per_second for one, bare in zip(loads, echoes, strict=True))
    value = f"{middle.per_second:,.0f} calls a second, p50 {middle.p50_ms} ms, p99 {middle.p99_ms} ms"
    return Line(what, value, f"{ratio:.2f} of the echo")

"""The edge of a service: one transaction a call, committed once, tried again where a concurrent writer won."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from google.protobuf.message import Message

from patronage.customers.v1 import customer_service_pb2 as pb
from services.runtime.caller import Caller, attach_caller
from services.runtime.database import Database, Transaction
from services.runtime.edge import MOST_TRIES, Edge, Once, bulk_share
from services.runtime.failures import (
    CompanyRequired,
    ConflictRetry,
    EtagMismatch,
    FieldsInvalid,
    RequestIdReused,
    RequestInProgress,
)
from tests.fixtures.databases import ServiceDatabase

WRITE = "INSERT INTO companies (company_id) VALUES (app_company())"
COUNT = "SELECT count(*) FROM companies"
ANSWER = pb.DeleteCustomerResponse(change_token="t")


class Bench:
    """An edge on a database, and how often a committed write was announced."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.announced = 0
        self.runs = 0
        self._edge = Edge(database, self._announce)

    def _announce(self) -> None:
        self.announced += 1

    def write(self, run: Callable[[Transaction], Any], request: Message | None = None, company: str = "acme") -> Any:
        return self._edge.write(called_by(company), request or pb.DeleteCustomerRequest(), self._counted(run))

    def write_part(self, once: Once, run: Callable[[Transaction], Any]) -> Any:
        return self._edge.write_once(called_by("acme"), once, self._counted(run), pb.DeleteCustomerResponse)

    def read(self, run: Callable[[Transaction], Any]) -> Any:
        return self._edge.read(called_by("acme"), self._counted(run))

    def count(self) -> int:
        return int(self.read(lambda tx: tx.value(COUNT)))

    def _counted(self, run: Callable[[Transaction], Any]) -> Callable[[Transaction], Any]:
        def counted(tx: Transaction) -> Any:
            self.runs += 1
            return run(tx)

        return counted


def called_by(company_id: str) -> object:
    context = SimpleNamespace()
    attach_caller(context, Caller("ann", "Ann", company_id, frozenset()))
    return context


def written(tx: Transaction) -> Message:
    tx.execute(WRITE)
    return ANSWER


@pytest.fixture
def bench(customers_database: ServiceDatabase) -> Iterator[Bench]:
    database = Database(customers_database.runtime_url, application_name="edge")
    yield Bench(database)
    database.close()


def test_a_write_is_committed_once_and_announced(bench: Bench) -> None:
    assert bench.write(written) == ANSWER
    assert (bench.count(), bench.announced) == (1, 1)


def test_a_write_that_fails_leaves_nothing_and_is_not_announced(bench: Bench) -> None:
    def fail(tx: Transaction) -> Message:
        written(tx)
        raise EtagMismatch("changed")

    with pytest.raises(EtagMismatch):
        bench.write(fail)
    assert (bench.count(), bench.announced) == (0, 0)


def test_a_read_cannot_write(bench: Bench) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        bench.read(written)


def test_a_caller_of_all_companies_must_name_one(bench: Bench) -> None:
    with pytest.raises(CompanyRequired):
        bench.write(written, company="")


@pytest.mark.parametrize("request_id", ["7", "no uuid", "\x00", "018f0000-0000-7000-8000-000000000000 "])
def test_a_request_id_that_is_no_uuid_is_a_wrong_field(bench: Bench, request_id: str) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        bench.write(written, pb.DeleteCustomerRequest(request_id=request_id))
    assert [item.field for item in raised.value.fields] == ["request_id"]
    assert bench.runs == 0


def test_the_same_request_runs_once_and_answers_the_same(bench: Bench) -> None:
    request = pb.DeleteCustomerRequest(customer_id="x", request_id=str(uuid.uuid4()))
    assert bench.write(written, request) == bench.write(written, request) == ANSWER
    assert bench.count() == 1


def test_an_id_in_capitals_is_the_same_id(bench: Bench) -> None:
    request_id = str(uuid.uuid4())
    for written_as in (request_id, request_id.upper()):
        assert bench.write(written, pb.DeleteCustomerRequest(customer_id="x", request_id=written_as)) == ANSWER
    assert bench.count() == 1


def test_the_same_id_with_other_content_is_refused(bench: Bench) -> None:
    request_id = str(uuid.uuid4())
    bench.write(written, pb.DeleteCustomerRequest(customer_id="x", request_id=request_id))
    for other in (
        pb.DeleteCustomerRequest(customer_id="y", request_id=request_id),
        pb.UpdateCustomerRequest(customer_id="x", request_id=request_id),
    ):
        with pytest.raises(RequestIdReused):
            bench.write(written, other)


def test_the_twin_of_a_request_at_work_is_told_to_wait(bench: Bench) -> None:
    request = pb.DeleteCustomerRequest(customer_id="x", request_id=str(uuid.uuid4()))

    def twin(tx: Transaction) -> Message:
        with pytest.raises(RequestInProgress):
            bench.write(written, request)
        return written(tx)

    assert bench.write(twin, request) == ANSWER
    assert bench.count() == 1


def test_a_request_without_an_id_runs_each_time(bench: Bench) -> None:
    request = pb.DeleteCustomerRequest(customer_id="x")
    bench.write(lambda tx: ANSWER, request)
    bench.write(lambda tx: ANSWER, request)
    assert bench.runs == 2


@pytest.mark.parametrize(
    "conflict",
    [ConflictRetry("someone was first"), psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()],
)
def test_a_write_that_met_a_concurrent_writer_runs_anew_in_a_fresh_transaction(
    bench: Bench, conflict: Exception
) -> None:
    def second_time(tx: Transaction) -> Message:
        answer = written(tx)  # would be there already, had the first try left anything
        if bench.runs == 1:
            raise conflict
        return answer

    request = pb.DeleteCustomerRequest(customer_id="x", request_id=str(uuid.uuid4()))
    assert bench.write(second_time, request) == ANSWER
    assert (bench.runs, bench.announced) == (2, 1)
    assert bench.count() == 1


def test_a_conflict_that_goes_on_is_told_in_the_end(bench: Bench) -> None:
    def always(tx: Transaction) -> Message:
        raise ConflictRetry("someone was first")

    with pytest.raises(ConflictRetry):
        bench.write(always)
    assert bench.runs == MOST_TRIES


def told(answer: Message, _: Transaction) -> Message:
    return answer


def test_each_part_of_a_request_runs_once(bench: Bench) -> None:
    request = pb.DeleteCustomerRequest(request_id=str(uuid.uuid4()))
    once = Once.of(request)
    assert once is not None
    for part in ("0", "1", "0", "1"):
        answer = pb.DeleteCustomerResponse(change_token=part)
        found = bench.write_part(once.part(part), partial(told, answer))
        assert found == answer
    assert bench.runs == 2


def test_a_part_of_other_content_is_refused(bench: Bench) -> None:
    request_id = str(uuid.uuid4())
    for content in ("x", "y"):
        once = Once.of(pb.DeleteCustomerRequest(customer_id=content, request_id=request_id))
        assert once is not None
        if content == "x":
            bench.write_part(once.part(0), lambda _: ANSWER)
        else:
            with pytest.raises(RequestIdReused):
                bench.write_part(once.part(0), lambda _: ANSWER)


def test_bulk_work_holds_its_share_of_the_connections_and_single_calls_go_on(
    customers_database: ServiceDatabase,
) -> None:
    database = Database(customers_database.runtime_url, application_name="bulk", max_size=3)
    edge, inside, release = Edge(database, bulk_writes=2), threading.Semaphore(0), threading.Event()
    too_many = threading.Barrier(3)
    met: list[int] = []

    def count(tx: Transaction) -> int:
        return int(tx.value(COUNT))

    def part(tx: Transaction) -> Message:
        inside.release()
        assert release.wait(20)
        try:
            met.append(too_many.wait(0.2))
        except threading.BrokenBarrierError:
            return ANSWER
        return ANSWER

    with ThreadPoolExecutor(8) as threads:
        done = [
            threads.submit(edge.write_in_bulk, called_by("acme"), None, part, pb.DeleteCustomerResponse)
            for _ in range(8)
        ]
        assert all(inside.acquire(timeout=20) for _ in range(2))
        assert edge.read(called_by("acme"), count) == 0
        release.set()
        assert [one.result(20) for one in done] == [ANSWER] * 8
    database.close()
    assert not met


@pytest.mark.parametrize(("workers", "share"), [(1, 1), (8, 2), (32, 8)])
def test_bulk_work_has_a_quarter_of_the_threads_for_single_calls_and_one_at_least(workers: int, share: int) -> None:
    assert bulk_share(workers) == share

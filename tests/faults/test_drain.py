"""SIGTERM drains: calls that run finish, streams end at once, the process ends well and in time."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import psycopg
import pytest

from patronage.customers.v1 import change_feed_pb2, customer_pb2, customer_service_pb2
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from services.local.postgres import Postgres
from services.local.service_process import DRAIN_S, ServiceProcess
from services.local.suite import SERVICES
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id
from tests.faults.company import Company, insist, may_be_repeated, reason_of, record, until
from tests.faults.people import import_people, sale_request
from tests.faults.proofs import CUSTOMERS, rows
from tests.faults.test_import_killed import BATCHES, ROWS_A_BATCH, requests, the_file

SOON_S = DRAIN_S / 2
WAITING = "SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass AND NOT granted"

LOOKED = """
SELECT count(*) > 0 FROM pg_stat_activity
 WHERE query LIKE 'SELECT epoch, horizon FROM follower_cursors%%' AND query_start > %s
"""


@contextmanager
def locked(company: Company, service: str, table: str) -> Iterator[psycopg.Connection]:
    """Nobody can write a table until the block ends."""
    assert isinstance(company.suite.postgres, Postgres)
    with psycopg.connect(company.suite.postgres.admin_url(f"patronage_{service}")) as connection:
        connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield connection


def wait_for_waiters(connection: psycopg.Connection, table: str, number: int) -> None:
    sql = WAITING.format(table=table)
    until(lambda: connection.execute(sql).fetchone() == (number,), f"{number} calls wait in the database")


def ended_well(service: ServiceProcess, within_s: float) -> None:
    """The process ends with 0 in time."""
    process = service.process
    assert process.wait(within_s) == 0
    service.stop()


def test_calls_that_run_finish_and_no_new_one_starts(company: Company) -> None:
    suite, people = company.suite, import_people(company, 2)
    customer = customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name="Late One"))
    sale = sale_request(people[0], 1, company.everything())
    running = {
        "customers": ("customers", lambda: company.customers.CreateCustomer(customer).customer.customer_id),
        "analytics": ("sales", lambda: company.sales.RecordSale(sale).sale.sale_id),
    }
    with ThreadPoolExecutor(4) as threads:
        for name, (table, call) in running.items():
            with locked(company, name, table) as holder:
                calls = [threads.submit(call)]
                wait_for_waiters(holder, table, 1)
                service = suite.services[name]
                service.ask_to_stop()
                until(lambda name=name: refuses(company, name), "no new call is taken")  # type: ignore[misc]
                assert not any(call.done() for call in calls)
            assert all(call.result() for call in calls)
            ended_well(service, SOON_S)
            suite.start(name)


def refuses(company: Company, name: str) -> bool:
    """Whether a new connection to the service finds nobody who takes a call."""
    with grpc.insecure_channel(company.suite.context()[name]) as channel:
        try:
            grpc.channel_ready_future(channel).result(0.2)
        except grpc.FutureTimeoutError:
            return True
    return False


def test_streams_end_at_once(company: Company) -> None:
    feed = company.feed.FollowChanges(change_feed_pb2.FollowChangesRequest())
    idle = company.imports.ImportCustomers(_options_and_then_silence(over := threading.Event()))
    idle.add_callback(over.set)
    assert next(feed).epoch
    started = time.monotonic()
    for name in SERVICES:
        company.suite.services[name].ask_to_stop()
    assert all(batch.epoch for batch in feed), "the feed ends, and without an error"
    with pytest.raises(grpc.RpcError) as caught:
        next(idle)
    assert reason_of(caught.value) == "SHUTTING_DOWN"
    assert may_be_repeated(caught.value)
    assert time.monotonic() - started < SOON_S
    for name in SERVICES:
        ended_well(company.suite.services[name], SOON_S)


def _options_and_then_silence(over: threading.Event) -> Iterator[import_pb.ImportCustomersRequest]:
    yield import_pb.ImportCustomersRequest(options=import_pb.ImportOptions(source="idle"))
    over.wait()


def test_a_read_that_nobody_waits_for_any_more_does_not_hold_the_drain(company: Company) -> None:
    now = ChangeToken.parse(company.everything())
    never = ChangeToken(now.epoch, now.xid + 10**9).encode()
    read = company.matching.MatchRecord.future(record(never), timeout=DRAIN_S * 6)
    ((started,),) = rows(company.suite, "matching", "SELECT clock_timestamp()")
    until(lambda: rows(company.suite, "matching", LOOKED, started) == [(True,)], "the read waits for the follower")
    read.cancel()
    service = company.suite.services["matching"]
    service.ask_to_stop()
    ended_well(service, SOON_S)


def test_a_drained_import_keeps_what_it_acknowledged_and_is_sent_again(company: Company) -> None:
    file = the_file()
    answers = company.imports.ImportCustomers(requests(file))
    acknowledged = [next(answers) for _ in range(3)]
    service = company.suite.services["customers"]
    service.ask_to_stop()
    with pytest.raises(grpc.RpcError) as caught:
        acknowledged.extend(answers)
    assert reason_of(caught.value) == "SHUTTING_DOWN"
    ended_well(service, SOON_S)
    assert len(rows(company.suite, "customers", CUSTOMERS, company.id)) == len(acknowledged) * ROWS_A_BATCH
    company.suite.start("customers")
    *_, last = company.imports.ImportCustomers(requests(file))
    assert last.counts.unchanged == len(acknowledged) * ROWS_A_BATCH
    assert last.counts.created == (BATCHES - len(acknowledged)) * ROWS_A_BATCH
    assert insist(company.customers.CreateCustomer, _new()).created


def _new() -> customer_service_pb2.CreateCustomerRequest:
    return customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name="One"), request_id=new_id())

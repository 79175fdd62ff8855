"""SIGTERM drains: calls that run finish, streams end at once, the process ends well and in time."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import psycopg
import pytest

from patronage.customers.v1 import change_feed_pb2, customer_pb2, customer_service_pb2
from services.local.service_process import ServiceProcess
from services.local.suite import SERVICES, Suite
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id
from tests.faults.company import LONG_S, Company, held, insist, may_be_repeated, reason_of, record, until
from tests.faults.people import import_people, sale_request
from tests.faults.proofs import CUSTOMERS, rows
from tests.faults.test_import_killed import BATCHES, ROWS_A_BATCH, held_back, requests, the_file
from tests.fixtures.suites import DRAIN_S

SOON_S = 40.0
"""Long for a busy machine, and short beside the drain."""
assert SOON_S < DRAIN_S / 2
LOCK = "LOCK TABLE {table} IN EXCLUSIVE MODE"
WAITING = "SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass AND NOT granted"

LOOKED = """
SELECT count(*) > 0 FROM pg_stat_activity
 WHERE query LIKE 'SELECT epoch, horizon FROM follower_cursors%%' AND query_start > %s
"""


def somebody_waits(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute(WAITING.format(table=table)).fetchone() != (0,)


def ended_well(service: ServiceProcess, within_s: float = LONG_S) -> None:
    """The process ends with 0 in time."""
    process = service.process
    assert process.wait(within_s) == 0
    service.stop()


def test_calls_that_run_finish_and_no_new_one_starts(company: Company) -> None:
    suite, people = company.suite, import_people(company, 2)
    customer = customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name="Late One"))
    sale = sale_request(people[0], 1, company.everything())
    calls = {
        "customers": ("customers", lambda: company.customers.CreateCustomer(customer).customer.customer_id),
        "analytics": ("sales", lambda: company.sales.RecordSale(sale).sale.sale_id),
    }
    with ThreadPoolExecutor(1) as threads:
        for name, (table, call) in calls.items():
            with held(suite, name, LOCK.format(table=table)) as holder:
                running = threads.submit(call)
                until(partial(somebody_waits, holder, table), "the call waits in the database", at_work=[running])
                service = suite.services[name]
                service.ask_to_stop()
                until(partial(refuses, suite, name), "no new call is taken", at_work=[running])
                assert not running.done()
            assert running.result()
            ended_well(service)
            suite.start(name)


def refuses(suite: Suite, name: str) -> bool:
    """Whether a new connection to the service finds nobody who takes it."""
    host, port = suite.services[name].target.split(":")
    try:
        socket.create_connection((host, int(port)), LONG_S).close()
    except ConnectionRefusedError:
        return True
    return False


def test_streams_end_at_once(company: Company) -> None:
    feed = company.feed.FollowChanges(change_feed_pb2.FollowChangesRequest())
    idle = company.imports.ImportCustomers(held_back(the_file(2), over := threading.Event()))
    idle.add_callback(over.set)
    assert next(feed).epoch
    assert next(idle).counts.created == ROWS_A_BATCH, "it has begun"
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


def test_a_read_that_nobody_waits_for_any_more_does_not_hold_the_drain(company: Company) -> None:
    now = ChangeToken.parse(company.everything())
    never = ChangeToken(now.epoch, now.xid + 10**9).encode()
    read = company.matching.MatchRecord.future(record(never), timeout=DRAIN_S)
    ((started,),) = rows(company.suite, "matching", "SELECT clock_timestamp()")
    until(lambda: rows(company.suite, "matching", LOOKED, started) == [(True,)], "the read waits for the follower")
    read.cancel()
    service = company.suite.services["matching"]
    service.ask_to_stop()
    ended_well(service)
    assert logged(company, "matching", "MatchRecord")[-1]["reason"] == "NOT_YET_FRESH", "it gave up by itself"


def logged(company: Company, name: str, method: str) -> list[Any]:
    """What the log of a service says of each call of a method, cancelled ones too."""
    lines = company.suite.log(name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if f"/{method}" in line and company.id in line]


def test_a_drained_import_keeps_what_it_acknowledged_and_is_sent_again(company: Company) -> None:
    file = the_file()
    answers = company.imports.ImportCustomers(held_back(file, over := threading.Event()))
    answers.add_callback(over.set)
    acknowledged = [next(answers) for _ in range(3)]
    service = company.suite.services["customers"]
    service.ask_to_stop()
    with pytest.raises(grpc.RpcError) as caught:
        acknowledged.extend(answers)
    assert reason_of(caught.value) == "SHUTTING_DOWN"
    ended_well(service)
    assert len(rows(company.suite, "customers", CUSTOMERS, company.id)) == len(acknowledged) * ROWS_A_BATCH
    company.suite.start("customers")
    *_, last = company.imports.ImportCustomers(requests(file))
    assert last.counts.unchanged == len(acknowledged) * ROWS_A_BATCH
    assert last.counts.created == (BATCHES - len(acknowledged)) * ROWS_A_BATCH
    assert insist(company.customers.CreateCustomer, _new()).created


def _new() -> customer_service_pb2.CreateCustomerRequest:
    return customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name="One"), request_id=new_id())

"""PostgreSQL is killed under concurrent writes: calls say so, the services recover by themselves, nothing is lost."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import grpc
import pytest

from patronage.customers.v1 import customer_pb2, customer_service_pb2
from patronage.matching.v1 import merge_service_pb2
from services.local.suite import POSTGRES, SERVICES, Suite
from services.runtime.freshness import ChangeToken
from services.runtime.health_probe import is_serving
from services.runtime.ids import new_id
from tests.faults.company import Company, code_of, insist, kill_wholly, reason_of, record, retry_delay, until
from tests.faults.people import import_people, note_request, sale_request
from tests.faults.proofs import (
    CUSTOMERS,
    LOG,
    assert_each_revision_was_fed_once,
    assert_figures_are_a_recount,
    assert_mirrors_agree,
    assert_no_half_merge,
    assert_views_fold,
    rows,
)

T = TypeVar("T")
PEOPLE, CALLS, ANSWERED_BEFORE = 12, 40, 30
LEAST_PROBES = 5
AWAY = {"DATABASE_UNAVAILABLE", "UPSTREAM_UNAVAILABLE"}
BUSY = {"CONFLICT_RETRY", "LOCK_TIMEOUT", "REQUEST_IN_PROGRESS", "OVERLOADED"}
SALES = "SELECT sale_id FROM sales WHERE company_id = %s"
NOTES = "SELECT note_id::text FROM notes WHERE company_id = %s"


class Writers:
    """Writes of four kinds, each repeated until it is acknowledged; keeps what was acknowledged and what failed."""

    def __init__(self, company: Company, people: list[str], token: str) -> None:
        self._company = company
        self._people = people
        self._token = token
        self.kinds = (self._create, self._note, self._sell, self._merge_and_undo)
        self.acknowledged: dict[str, list[str]] = {kind.__name__: [] for kind in self.kinds}
        self.reasons: set[str] = set()

    @property
    def answered(self) -> int:
        return sum(len(ids) for ids in self.acknowledged.values())

    def write(self, kind: Callable[[str], str]) -> None:
        for number in range(CALLS):
            person = self._people[number % len(self._people)]
            self.acknowledged[kind.__name__].append(kind(person))

    def _create(self, _: str) -> str:
        draft = customer_pb2.Customer(name="New One", email=f"{new_id()}@example.com")
        request = customer_service_pb2.CreateCustomerRequest(customer=draft, request_id=new_id())
        return self._insist(self._company.customers.CreateCustomer, request).customer.customer_id

    def _note(self, person: str) -> str:
        return self._insist(self._company.notes.CreateNote, note_request(person, "called")).note.note_id

    def _sell(self, person: str) -> str:
        return self._insist(self._company.sales.RecordSale, sale_request(person, 1, self._token)).sale.sale_id

    def _merge_and_undo(self, person: str) -> str:
        source = self._people[self._people.index(person) - 1]
        asked = merge_service_pb2.MergeCustomersRequest(
            target_id=person, source_ids=[source], request_id=new_id(), allow_unpreviewed=True
        )
        merge_id = self._insist(self._company.merges.MergeCustomers, asked).merge.merge_id
        undo = merge_service_pb2.UndoMergeRequest(merge_id=merge_id, request_id=new_id(), leave_undecided=True)
        self._insist(self._company.merges.UndoMerge, undo)
        return merge_id

    def _insist(self, call: Callable[[Any], T], request: Any) -> T:
        def noting(request: Any) -> T:
            try:
                return call(request)
            except grpc.RpcError as error:
                self.reasons.add(reason_of(error))
                raise

        return insist(noting, request)


def probes(company: Company, person: str) -> dict[str, Callable[[], Any]]:
    """A call of each service that needs its database."""
    draft = customer_pb2.Customer(name="Probe")
    return {
        "customers": lambda: company.customers.CreateCustomer(
            customer_service_pb2.CreateCustomerRequest(customer=draft, request_id=new_id())
        ),
        "matching": lambda: company.matching.MatchRecord(record()),
        "analytics": lambda: company.sales.RecordSale(sale_request(person, 1)),
    }


def test_killed_under_writes_it_loses_nothing_and_the_services_recover(company: Company, chance: random.Random) -> None:
    suite, people = company.suite, import_people(company, PEOPLE)
    token = company.wait_for_followers()
    processes = {name: suite.services[name].process.pid for name in SERVICES}
    writers = Writers(company, people, token)
    with ThreadPoolExecutor(len(writers.kinds)) as threads:
        at_work = [threads.submit(writers.write, kind) for kind in writers.kinds]
        until(lambda: writers.answered >= ANSWERED_BEFORE, "the writers are at work", at_work=at_work)
        threading.Event().wait(chance.uniform(0, 0.03))  # where inside the next calls it strikes
        kill_wholly(suite, POSTGRES)
        for name, probe in probes(company, people[0]).items():
            for _ in range(LEAST_PROBES):
                with pytest.raises(grpc.RpcError) as caught:
                    probe()
                assert (code_of(caught.value), reason_of(caught.value)) == (
                    grpc.StatusCode.UNAVAILABLE,
                    "DATABASE_UNAVAILABLE",
                ), name
                assert retry_delay(caught.value)
        suite.start(POSTGRES)
        for one in at_work:
            one.result()
    assert processes == {name: suite.services[name].process.pid for name in SERVICES}
    assert writers.reasons <= AWAY | BUSY
    assert_acknowledged_is_there_once(company, people, writers)
    assert_no_half_merge(company)
    assert_views_fold(company)
    assert_each_revision_was_fed_once(company)
    assert_mirrors_agree(company)
    assert_figures_are_a_recount(company)
    assert all(is_serving(suite.context()[name]) for name in SERVICES)


def assert_acknowledged_is_there_once(company: Company, people: list[str], writers: Writers) -> None:
    """Exactly what was acknowledged: since each call was repeated until then, nothing else was written either."""
    created, noted, sold, merged = (writers.acknowledged[kind.__name__] for kind in writers.kinds)
    customers = [row[0] for row in rows(company.suite, "customers", CUSTOMERS, company.id)]
    assert sorted(customers) == sorted([*people, *created])
    assert sorted(row[0] for row in rows(company.suite, "customers", NOTES, company.id)) == sorted(noted)
    assert sorted(row[0] for row in rows(company.suite, "analytics", SALES, company.id)) == sorted(sold)
    assert sorted(row[0] for row in rows(company.suite, "customers", LOG, company.id)) == sorted(merged)


def test_services_started_before_their_database_serve_once_it_is_there(fault_suite: Suite, company: Company) -> None:
    for name in SERVICES:
        fault_suite.kill(name)
    kill_wholly(fault_suite, POSTGRES)
    for name in SERVICES:
        fault_suite.services[name].start()
    for name, probe in probes(company, new_id()).items():
        until(partial(says_away, probe), f"{name} says that its database is away")
    assert not is_serving(fault_suite.context()["customers"]), "it has not learned the epoch of its database yet"
    fault_suite.start(POSTGRES)
    draft = customer_pb2.Customer(name="First One")
    request = customer_service_pb2.CreateCustomerRequest(customer=draft, request_id=new_id())
    created = insist(company.customers.CreateCustomer, request)
    assert ChangeToken.parse(created.change_token).epoch
    insist(company.matching.MatchRecord, record(created.change_token))
    insist(company.sales.RecordSale, sale_request(created.customer.customer_id, 1, created.change_token))
    until(lambda: all(is_serving(fault_suite.context()[name]) for name in SERVICES), "all three say SERVING")


def says_away(call: Callable[[], Any]) -> bool:
    """Whether the service answers, by saying that its database is away; it says nothing else."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert code_of(caught.value) is grpc.StatusCode.UNAVAILABLE
    assert reason_of(caught.value) in ("", "DATABASE_UNAVAILABLE")
    return bool(reason_of(caught.value))

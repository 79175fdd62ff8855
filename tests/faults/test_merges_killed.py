"""Merges and undos whose service is killed under them happen wholly or not at all, and once for each request id."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc

from patronage.analytics.v1 import metrics_service_pb2
from patronage.customers.v1 import note_service_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.faults.company import Company, insist, reason_of, record, until
from tests.faults.people import import_people, note_request, record_sales
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

PEOPLE, CALLERS, CALLS, KILLS = 40, 4, 12, 2
FORBIDDEN = {"ALREADY_MERGED", "SELF_MERGE"}
NOTES = "SELECT origin_customer_id::text, content FROM notes WHERE company_id = %s"


@dataclass
class Caller:
    """Merges, takes its own merges back and writes notes, each under a request id that it repeats until answered."""

    company: Company
    people: list[str]
    chance: random.Random
    tick: Callable[[], None]
    merged: dict[str, tuple[pb.MergeCustomersRequest, pb.MergeCustomersResponse]] = field(default_factory=dict)
    undone: dict[str, tuple[pb.UndoMergeRequest, pb.UndoMergeResponse]] = field(default_factory=dict)
    noted: list[tuple[str, str]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def work(self) -> None:
        for _ in range(CALLS):
            self.chance.choice([self._merge, self._merge, self._undo, self._note])()
            self.tick()

    def repeat(self) -> None:
        """Every request once more, which changes nothing and answers as it did; each change is met by a follower."""
        for merge, merged in self.merged.values():
            again = insist(self.company.merges.MergeCustomers, merge).merge
            assert (again.merge_id, again.merge_time) == (merged.merge.merge_id, merged.merge.merge_time)
        for undo, undone in self.undone.values():
            assert insist(self.company.merges.UndoMerge, undo) == undone
        for token in self.tokens:
            insist(self.company.matching.MatchRecord, record(token))

    def _merge(self) -> None:
        target, *sources = self.chance.sample(self.people, self.chance.choice([2, 2, 3]))
        request = pb.MergeCustomersRequest(
            target_id=target, source_ids=sources, request_id=new_id(), allow_unpreviewed=True
        )
        try:
            merged = insist(self.company.merges.MergeCustomers, request)
        except grpc.RpcError as error:
            self.refused.append(reason_of(error))
        else:
            self.merged[request.request_id] = (request, merged)
            self.tokens.append(merged.change_token)

    def _undo(self) -> None:
        done = {undone.merge.merge_id for _, undone in self.undone.values()}
        open_merges = sorted({merged.merge.merge_id for _, merged in self.merged.values()} - done)
        if open_merges:
            request = pb.UndoMergeRequest(
                merge_id=self.chance.choice(open_merges), request_id=new_id(), leave_undecided=True
            )
            undone = insist(self.company.merges.UndoMerge, request)
            self.undone[request.request_id] = (request, undone)
            self.tokens.append(undone.change_token)

    def _note(self) -> None:
        request = note_request(self.chance.choice(self.people), f"note {new_id()}")
        self.tokens.append(insist(self.company.notes.CreateNote, request).change_token)
        self.noted.append((request.customer_id, request.note.content))


class Progress:
    """How many calls have been answered, for whoever picks the moment to kill."""

    def __init__(self) -> None:
        self.answered = 0
        self._lock = threading.Lock()

    def tick(self) -> None:
        with self._lock:
            self.answered += 1


def kill_under(suite: Suite, progress: Progress, chance: random.Random) -> None:
    """Kills customers at moments spread over the work, and starts it again each time."""
    for kill in range(KILLS):
        moment = CALLERS * CALLS * kill // KILLS + chance.randrange(2, CALLERS * CALLS // KILLS - 6)
        until(lambda moment=moment: progress.answered >= moment, f"{moment} calls are answered")  # type: ignore[misc]
        threading.Event().wait(chance.uniform(0, 0.02))  # where inside the next calls it strikes
        suite.kill("customers")
        suite.start("customers")


def test_no_merge_is_half_done_and_each_request_id_has_one_effect(company: Company, chance: random.Random) -> None:
    people = import_people(company, PEOPLE)
    amounts = {customer_id: 2**place for place, customer_id in enumerate(people)}
    record_sales(company, amounts)
    progress = Progress()
    callers = [Caller(company, people, random.Random(chance.random()), progress.tick) for _ in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as threads:
        at_work = [threads.submit(caller.work) for caller in callers]
        kill_under(company.suite, progress, chance)
        for one in at_work:
            one.result()
        for again in [threads.submit(caller.repeat) for caller in callers]:
            again.result()

    assert {reason for caller in callers for reason in caller.refused} <= FORBIDDEN
    log = rows(company.suite, "customers", LOG, company.id)
    asked = [merged.merge.merge_id for caller in callers for _, merged in caller.merged.values()]
    undone = [undone.merge.merge_id for caller in callers for _, undone in caller.undone.values()]
    assert Counter(merge for merge, *_ in log) == Counter(asked), "one merge for each request id"
    assert Counter(merge for merge, *_, at in log if at) == Counter(undone), "one undo for each request id"
    noted = [note for caller in callers for note in caller.noted]
    assert Counter(rows(company.suite, "customers", NOTES, company.id)) == Counter(noted)
    assert asked
    assert undone
    assert_no_half_merge(company)
    assert_views_fold(company)
    assert_each_revision_was_fed_once(company)
    assert_mirrors_agree(company)
    assert_figures_are_a_recount(company)
    assert_trees_add_up(company, amounts, Counter(origin for origin, _ in noted))


def assert_trees_add_up(company: Company, amounts: dict[str, int], notes: Counter[str]) -> None:
    """Each root shows the sales and notes of all in its tree; the amounts are powers of two, so no sum is luck."""
    trees: dict[str, list[str]] = {}
    for customer_id, root_id, _ in rows(company.suite, "customers", CUSTOMERS, company.id):
        trees.setdefault(root_id, []).append(customer_id)
    for root_id, members in trees.items():
        question = metrics_service_pb2.GetCustomerMetricsRequest(customer_id=root_id)
        metrics = insist(company.metrics.GetCustomerMetrics, question).metrics
        assert metrics.total_purchases == len(members)
        assert metrics.totals[0].total_spent.units == sum(amounts[member] for member in members)
        listed = insist(company.notes.ListNotes, note_service_pb2.ListNotesRequest(customer_id=root_id))
        assert listed.total_size == sum(notes[member] for member in members)

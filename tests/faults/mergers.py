"""Callers that merge, undo, edit, note and sell at the same time, each call repeated until it is answered."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

import grpc

from patronage.customers.v1 import customer_pb2, customer_service_pb2, tags_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from services.runtime.ids import new_id
from tests.faults.company import Company, insist, reason_of, record
from tests.faults.people import note_request, sale_request


class Progress:
    """How many merges and undos were answered, for whoever picks the moment to kill, and how many are wanted.

    `over` ends the work early, where one at it has failed.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.answered = 0
        self.over = False
        self._lock = threading.Lock()

    def tick(self) -> None:
        with self._lock:
            self.answered += 1

    @property
    def done(self) -> bool:
        return self.over or self.answered >= self.wanted


@dataclass
class Merger:
    """Merges, and takes its own merges back; some undos judge the sides to be different."""

    company: Company
    people: list[str]
    chance: random.Random
    progress: Progress
    merged: dict[str, tuple[pb.MergeCustomersRequest, pb.MergeCustomersResponse]] = field(default_factory=dict)
    undone: dict[str, tuple[pb.UndoMergeRequest, pb.UndoMergeResponse]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    tokens: list[str] = field(default_factory=list)

    def work(self) -> None:
        while not self.progress.done:
            self.chance.choice([self._merge, self._undo])()

    def repeat(self) -> None:
        """Every request once more, which changes nothing and answers as it did; a follower has met the last change."""
        for merge, merged in self.merged.values():
            again = insist(self.company.merges.MergeCustomers, merge).merge
            assert (again.merge_id, again.merge_time) == (merged.merge.merge_id, merged.merge.merge_time)
        for undo, undone in self.undone.values():
            assert insist(self.company.merges.UndoMerge, undo) == undone
        for token in self.tokens[-1:]:
            insist(self.company.matching.MatchRecord, record(token))

    def standing(self) -> list[str]:
        """Its merges that it has not taken back."""
        done = {undone.merge.merge_id for _, undone in self.undone.values()}
        return sorted({merged.merge.merge_id for _, merged in self.merged.values()} - done)

    def undo_all(self) -> None:
        """Takes back what stands."""
        for merge_id in self.standing():
            self._undo_one(merge_id)

    def _merge(self) -> None:
        target, *sources = self.chance.sample(self.people, self.chance.choice([2, 2, 2, 3]))
        request = pb.MergeCustomersRequest(
            target_id=target, source_ids=sources, request_id=new_id(), allow_unpreviewed=True
        )
        try:
            merged = insist(self.company.merges.MergeCustomers, request)
        except grpc.RpcError as error:
            self.refused[reason_of(error)] += 1
        else:
            self.merged[request.request_id] = (request, merged)
            self.tokens.append(merged.change_token)
            self.progress.tick()

    def _undo(self) -> None:
        if open_merges := self.standing():
            self._undo_one(self.chance.choice(open_merges))

    def _undo_one(self, merge_id: str) -> None:
        undecided = self.chance.random() < 0.9
        request = pb.UndoMergeRequest(merge_id=merge_id, request_id=new_id(), leave_undecided=undecided)
        undone = insist(self.company.merges.UndoMerge, request)
        self.undone[request.request_id] = (request, undone)
        self.tokens.append(undone.change_token)
        self.progress.tick()


@dataclass
class Editor:
    """Renames, tags, notes and sells to the same people meanwhile; keeps what was acknowledged."""

    company: Company
    people: list[str]
    chance: random.Random
    progress: Progress
    most_tags: int
    token: str
    noted: list[tuple[str, str]] = field(default_factory=list)
    tagged: list[str] = field(default_factory=list)
    sold: list[tuple[str, str, int]] = field(default_factory=list)
    renamed: int = 0

    def work(self) -> None:
        while not self.progress.done:
            self.chance.choice([self._rename, self._tag, self._note, self._sell])(self.chance.choice(self.people))

    def _rename(self, person: str) -> None:
        draft = customer_pb2.Customer(name=f"Renamed {self.renamed}")
        request = customer_service_pb2.UpdateCustomerRequest(customer_id=person, customer=draft, request_id=new_id())
        assert insist(self.company.customers.UpdateCustomer, request).customer.name == draft.name
        self.renamed += 1

    def _tag(self, person: str) -> None:
        if len(self.tagged) < self.most_tags:
            tag = f"tag {new_id()}"
            request = tags_pb2.AddTagsRequest(customer_id=person, tags=[tag], request_id=new_id())
            assert tag in insist(self.company.customers.AddTags, request).customer.tags
            self.tagged.append(tag)

    def _note(self, person: str) -> None:
        request = note_request(person, f"note {new_id()}")
        insist(self.company.notes.CreateNote, request)
        self.noted.append((person, request.note.content))

    def _sell(self, person: str) -> None:
        request = sale_request(person, self.chance.randrange(1, 1_000), self.token)
        insist(self.company.sales.RecordSale, request)
        self.sold.append((request.sale.sale_id, person, request.sale.total_amount.units))

"""Previews, merges and undos in one company with very many customers: each call over gRPC by one caller.

`python -m tests.benchmarks --merges ROWS`. Beside them the same for a source with 100,000 children, and pages of the
children of a tree of ten members.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from patronage.customers.v1 import note_service_pb2, timeline_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from services.local.postgres import Postgres
from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.benchmarks.customers_bench import Figure
from tests.benchmarks.customers_fill import customer_id, fill
from tests.benchmarks.merge_fill import fill_children, fill_mirrors, fill_notes
from tests.faults.company import Company, company_of

COMPANY = "bench"
SEED = 7
PAIRS, TURNS, NOT_COUNTED = 300, 100, 5
MEMBERS, CHILDREN = 10, 100_000
MERGE_CLAIM_MS, LIST_CLAIM_MS = 500, 50
"""What the older systems claim; the aim for a merge is 30 ms."""


class Stopwatch:
    """Keeps the milliseconds of calls by name."""

    def __init__(self) -> None:
        self._times: dict[str, list[float]] = {}

    def call(self, name: str, method: Callable[[Any], Any], request: Any) -> Any:
        begun = time.perf_counter()
        answer = method(request)
        self._times.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
        return answer

    def figures(self, claim_ms: int) -> Iterator[str]:
        """The figure of each name, without the first calls."""
        for name, times in self._times.items():
            cuts = statistics.quantiles(times[NOT_COUNTED:], n=100, method="inclusive")
            yield str(Figure(name, round(cuts[49], 1), round(cuts[98], 1), claim_ms, f"of {len(times) - NOT_COUNTED}"))


def figures(folder: Path, size: int) -> Iterator[str]:
    """Fills, measures, and yields each figure as soon as it stands."""
    with Suite(folder / "suite", company_id=COMPANY) as suite, company_of(suite, COMPANY) as company:
        company.wait_for_followers()
        for name in ("matching", "analytics"):
            suite.stop(name)
        begun = time.perf_counter()
        fill(_admin(suite, "customers"), COMPANY, size)
        fill_mirrors(_admin(suite, "matching"), _admin(suite, "analytics"), COMPANY, size)
        yield f"{size:,} customers of one company filled in {time.perf_counter() - begun:.0f} s"
        for name in ("matching", "analytics"):
            suite.start(name)
        dice = random.Random(SEED)
        yield from _of_pairs(company, [customer_id(one) for one in dice.sample(range(size), 2 * PAIRS)])
        yield from _of_many_children(company, [customer_id(one) for one in dice.sample(range(size), 2)])
        yield from _of_a_tree(company, [customer_id(one) for one in dice.sample(range(size), MEMBERS)])


def _of_pairs(company: Company, ids: Sequence[str]) -> Iterator[str]:
    """Each pair is merged and taken apart once."""
    watch = Stopwatch()
    for target, source in zip(ids[::2], ids[1::2], strict=True):
        _there_and_back(company, watch, target, source, f"among {PAIRS:,} pairs")
    yield from watch.figures(MERGE_CLAIM_MS)


def _of_many_children(company: Company, ids: Sequence[str]) -> Iterator[str]:
    """One pair is merged and taken apart again and again; its source has very many children."""
    target, source = ids
    fill_children(_admin(company.suite, "customers"), COMPANY, [source], CHILDREN)
    watch = Stopwatch()
    for _ in range(TURNS):
        _there_and_back(company, watch, target, source, f"a source with {CHILDREN:,} children")
    yield from watch.figures(MERGE_CLAIM_MS)


def _there_and_back(company: Company, watch: Stopwatch, target: str, source: str, what: str) -> None:
    asked: dict[str, Any] = {"target_id": target, "source_ids": [source]}
    seen = watch.call(f"preview, {what}", company.merges.PreviewMerge, pb.PreviewMergeRequest(**asked))
    merge = pb.MergeCustomersRequest(**asked, preview_token=seen.preview_token, request_id=new_id())
    merged = watch.call(f"merge, {what}", company.merges.MergeCustomers, merge)
    undo = pb.UndoMergeRequest(merge_id=merged.merge.merge_id, request_id=new_id(), leave_undecided=True)
    watch.call(f"undo, {what}", company.merges.UndoMerge, undo)


def _of_a_tree(company: Company, ids: Sequence[str]) -> Iterator[str]:
    """Pages of the children of ten members, and a preview and a merge that join one more to them."""
    root, *others = ids
    admin = _admin(company.suite, "customers")
    merge = pb.MergeCustomersRequest(target_id=root, source_ids=others, request_id=new_id(), allow_unpreviewed=True)
    company.merges.MergeCustomers(merge)
    fill_notes(admin, COMPANY, ids, CHILDREN)
    watch = Stopwatch()
    notes = note_service_pb2.ListNotesRequest
    page = company.notes.ListNotes(notes(customer_id=root))
    for _ in range(TURNS):
        deep = notes(customer_id=root, page_token=page.next_page_token)
        watch.call(f"notes, first page, {MEMBERS} members", company.notes.ListNotes, notes(customer_id=root))
        watch.call(f"notes, by token, {MEMBERS} members", company.notes.ListNotes, deep)
    fill_children(admin, COMPANY, ids, CHILDREN)
    timeline = timeline_pb2.ListTimelineRequest(customer_id=root)
    for _ in range(TURNS):
        watch.call(f"timeline, first page, {MEMBERS} members", company.customers.ListTimeline, timeline)
    yield from watch.figures(LIST_CLAIM_MS)


def _admin(suite: Suite, service: str) -> str:
    assert isinstance(suite.postgres, Postgres)
    return suite.postgres.admin_url(f"patronage_{service}")

"""MergeService: many merges in one call, answered as they are made."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as storage_pb
from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc
from patronage.matching.v1 import batch_merge_pb2 as pb
from services.matching.convert import batch_merges as convert
from services.matching.convert.survivorship import hold
from services.matching.domain.judgement import Author
from services.matching.domain.merge_run import Against, Apart, Item, MergedSoFar, certain, in_goes, in_one_call
from services.matching.domain.survivorship import RulesInForce
from services.matching.operations.batch_merge import judged_apart_in
from services.matching.operations.rules_in_force import rules_in_force
from services.matching.servicer.merges_upstream import applied, refuse_if_draining
from services.runtime.caller import caller_of
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.streams import end_of

JOINED = (
    batch_pb.BATCH_MERGE_RESULT_MERGED,
    batch_pb.BATCH_MERGE_RESULT_ALREADY,
    batch_pb.BATCH_MERGE_RESULT_WOULD_MERGE,
)


@dataclass(frozen=True, slots=True)
class _Run:
    """A batch as it is made: what is asked for by place, and what was made so far."""

    asked: Sequence[storage_pb.BatchedMerge]
    dry_run: bool
    context: Any
    so_far: MergedSoFar = field(default_factory=MergedSoFar)


class BatchMerges:
    """The batch form of MergeCustomers."""

    _edge: Edge
    _storage: storage_grpc.MergeStorageServiceStub

    def BatchMerge(self, request: pb.BatchMergeRequest, context: Any) -> Iterator[pb.BatchMergeResponse]:  # noqa: N802
        """Makes many merges."""
        items, caller = convert.items_of(request), caller_of(context)
        by = Author(caller.subject, caller.name)
        run = _Run(convert.asked_of(request, caller.company_id, by), request.dry_run, context)
        counts, end = Counter[int](), end_of(context)
        for go in in_goes(items):
            if end.is_set():
                break
            for response in self._go(go, run):
                response.counts.CopyFrom(convert.counted(counts, response.outcomes, len(items)))
                yield response
        if sum(counts.values()) < len(items):
            refuse_if_draining(context)

    def _go(self, go: Sequence[Item], run: _Run) -> Iterator[pb.BatchMergeResponse]:
        """Judges some merges and has them made, all in one call unless a judgement hangs on what becomes of others."""

        def look(tx: Transaction) -> tuple[list[Apart], RulesInForce]:
            return judged_apart_in(tx, go, run.so_far), rules_in_force(tx)

        apart, rules = self._edge.read(run.context, look)
        for item in go:
            hold(run.asked[item.place].merge, rules)
        left, end = go, end_of(run.context)
        while left and not end.is_set():
            sent, judged = certain(left, run.so_far, apart)
            before: Sequence[Item] = ()
            if run.dry_run:
                before, sent = in_one_call(sent, run.so_far)
            for item in sent:
                run.asked[item.place].only_if_applied = item.place in judged
            yield from self._made(before, sent, judged, run)
            left = left[len(sent) :]

    def _made(
        self, before: Sequence[Item], sent: Sequence[Item], judged: Against, run: _Run
    ) -> Iterator[pb.BatchMergeResponse]:
        """Has merges made and answers part by part; those before are tried anew and not answered."""
        waiting, told = iter([*before, *sent]), {item.place for item in sent}
        asked = [run.asked[item.place] for item in (*before, *sent)]
        for part in applied(self._storage, run.context, asked, dry_run=run.dry_run):
            outcomes = []
            for outcome, item in zip(part.outcomes, waiting, strict=False):
                if item.place in told:
                    outcomes.append(convert.judged_outcome(outcome, judged.get(item.place, ())))
                    if outcomes[-1].result in JOINED:
                        run.so_far.add(item)
            if outcomes:
                yield pb.BatchMergeResponse(outcomes=outcomes, change_token=part.change_token)

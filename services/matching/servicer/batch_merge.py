"""MergeService: many merges in one call, answered as they are made."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as storage_pb
from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc
from patronage.matching.v1 import batch_merge_pb2 as pb
from services.matching.convert import batch_merges as convert
from services.matching.convert.survivorship import hold
from services.matching.domain.merge_run import Item, MergedSoFar, in_goes
from services.matching.operations.batch_merge import judged_against
from services.matching.operations.rules_in_force import rules_in_force
from services.matching.servicer.merges_upstream import applied, refuse_if_draining
from services.runtime.caller import caller_of
from services.runtime.edge import Edge
from services.runtime.streams import end_of

JOINED = (
    batch_pb.BATCH_MERGE_RESULT_MERGED,
    batch_pb.BATCH_MERGE_RESULT_ALREADY,
    batch_pb.BATCH_MERGE_RESULT_WOULD_MERGE,
)


class BatchMerges:
    """The batch form of MergeCustomers."""

    _edge: Edge
    _storage: storage_grpc.MergeStorageServiceStub

    def BatchMerge(self, request: pb.BatchMergeRequest, context: Any) -> Iterator[pb.BatchMergeResponse]:  # noqa: N802
        """Makes many merges."""
        items, caller = convert.items_of(request), caller_of(context)
        asked = convert.asked_of(request, caller.company_id, caller.subject)
        so_far, counts, end = MergedSoFar(), Counter[int](), end_of(context)
        for go in in_goes(items):
            if end.is_set():
                break
            for response in self._go(go, asked[go[0].place :], so_far, request.dry_run, context):
                response.counts.CopyFrom(convert.counted(counts, response.outcomes, len(items)))
                yield response
        if sum(counts.values()) < len(items):
            refuse_if_draining(context)

    def _go(
        self,
        go: Sequence[Item],
        asked: Sequence[storage_pb.BatchedMerge],
        so_far: MergedSoFar,
        dry_run: bool,
        context: Any,
    ) -> Iterator[pb.BatchMergeResponse]:
        """Judges some merges, has them applied, and answers part by part."""
        judged, rules = self._edge.read(context, lambda tx: (judged_against(tx, go, so_far), rules_in_force(tx)))
        sent = list(asked[: len(go)])
        for item, one in zip(go, sent, strict=True):
            hold(one.merge, rules)
            one.only_if_applied = item.place in judged
        waiting = iter(go)
        for part in applied(self._storage, context, sent, dry_run=dry_run):
            outcomes = []
            for outcome in part.outcomes:
                item = next(waiting)
                gone = so_far.gone(item) if dry_run else None
                told = convert.judged_outcome(outcome, judged.get(item.place, ()))
                outcomes.append(convert.gone_outcome(outcome.merge_id, *gone) if gone else told)
                if outcomes[-1].result in JOINED:
                    so_far.add(item)
            yield pb.BatchMergeResponse(outcomes=outcomes, change_token=part.change_token)

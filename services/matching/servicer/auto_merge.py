"""MergeService: sure duplicates merge by themselves, answered as they are merged."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from patronage.customers.v1 import merge_storage_service_pb2 as storage_pb
from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc
from patronage.matching.v1 import auto_merge_pb2 as pb
from services.matching.convert import auto_merges as convert
from services.matching.convert.survivorship import hold
from services.matching.domain.auto_merge import Weighed
from services.matching.domain.judgement import Author
from services.matching.domain.merge_run import MOST_AT_ONCE
from services.matching.domain.survivorship import RulesInForce
from services.matching.operations.auto_merge import plan, still, weigh
from services.matching.operations.rules_in_force import rules_in_force
from services.matching.servicer.merges_upstream import applied, refuse_if_draining
from services.runtime.caller import caller_of
from services.runtime.database import Transaction
from services.runtime.edge import Edge, Once
from services.runtime.ids import new_id
from services.runtime.streams import end_of


class AutoMerges:
    """Merges what the last scan found."""

    _edge: Edge
    _storage: storage_grpc.MergeStorageServiceStub

    def AutoMerge(self, request: pb.AutoMergeRequest, context: Any) -> Iterator[pb.AutoMergeResponse]:  # noqa: N802
        """Merges the sure duplicates."""
        planned, counts, end = self._planned(request, context), Counter[str](), end_of(context)
        total, first = len(planned.outcomes), True
        run_id = request.request_id or new_id()
        for at in range(0, total, MOST_AT_ONCE) or [0]:
            if end.is_set():
                break
            for outcomes, token in self._merged(
                request, planned, planned.outcomes[at : at + MOST_AT_ONCE], run_id, context
            ):
                counted = convert.counted(counts, outcomes, total)
                response = pb.AutoMergeResponse(outcomes=outcomes, counts=counted, change_token=token)
                if first:
                    response.scan.CopyFrom(planned.scan)
                    response.min_confidence, first = planned.min_confidence, False
                yield response
        if counts["done"] < total:
            refuse_if_draining(context)

    def _planned(self, request: pb.AutoMergeRequest, context: Any) -> pb.AutoMergeResponse:
        """The groups to merge; kept, so that a request that is sent again has the same."""
        wish = convert.wish_of(request)
        once = None if request.dry_run else Once.of(request)

        def run(tx: Transaction) -> pb.AutoMergeResponse:
            return convert.plan_message(plan(tx, wish))

        if once is None:
            return self._edge.read(context, run)
        return self._edge.write_once(context, once.part("plan"), run, pb.AutoMergeResponse)

    def _merged(
        self,
        request: pb.AutoMergeRequest,
        planned: pb.AutoMergeResponse,
        go: Sequence[pb.AutoMergeOutcome],
        run_id: str,
        context: Any,
    ) -> Iterator[tuple[list[pb.AutoMergeOutcome], str]]:
        """Has some groups merged, and gives what became of them part by part."""
        merging = [outcome for outcome in go if convert.to_merge(outcome)]
        if len(merging) < len(go) or not go:
            yield [outcome for outcome in go if not convert.to_merge(outcome)], ""
        if not merging:
            return
        asked, because = self._asked(request, planned, merging, run_id, context)
        waiting = iter(zip(merging, because, strict=True))
        for part in applied(self._storage, context, asked, dry_run=request.dry_run):
            outcomes = []
            for told in part.outcomes:
                group, why = next(waiting)
                outcomes.append(convert.outcome_of(group, told, why))
            yield outcomes, part.change_token

    def _asked(
        self,
        request: pb.AutoMergeRequest,
        planned: pb.AutoMergeResponse,
        merging: Sequence[pb.AutoMergeOutcome],
        run_id: str,
        context: Any,
    ) -> tuple[list[storage_pb.BatchedMerge], list[str]]:
        """Looks at some groups once more; what customers is asked, and why a group is not to be merged any more."""
        ids, scan_id, caller = [one.group_id for one in merging], planned.scan.scan_id, caller_of(context)

        def look(tx: Transaction) -> tuple[dict[str, Weighed], RulesInForce]:
            return weigh(tx, scan_id, ids, planned.min_confidence), rules_in_force(tx)

        now, rules = self._edge.read(context, look)
        asked, because = [], []
        for outcome in merging:
            why, revisions = still(now.get(outcome.group_id), [outcome.target_id, *outcome.source_ids])
            by = (caller.company_id, Author(caller.subject, caller.name), run_id)
            asked.append(convert.asked_of(request, planned, outcome, revisions, by))
            hold(asked[-1].merge, rules)
            because.append(why)
        return asked, because

"""Auto merges owns the messages of automatic merges: what is asked for, what is planned, what became of each group."""

from collections import Counter
from collections.abc import Mapping, Sequence

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import auto_merge_pb2 as pb
from services.matching.convert.batch_merges import check_run
from services.matching.convert.merges import LONGEST_NAME, merge_id_of
from services.matching.convert.scans import scan_message
from services.matching.domain.auto_merge import CHANGED, DEFAULT_MERGES, MOST_MERGES, REFUSED, Plan, Weighed, Wish
from services.matching.domain.judgement import Author
from services.runtime.failures import FieldCheck

REASON = "Merged automatically."
_RESULT, _SKIP = "AUTO_MERGE_RESULT_", "AUTO_MERGE_SKIP_"
_OF_CHANGE = {"PREVIEW_STALE", "ALREADY_MERGED", "CUSTOMER_DELETED", "CUSTOMER_NOT_FOUND"}


def wish_of(request: pb.AutoMergeRequest) -> Wish:
    """Return what is asked for; FieldsInvalid names every bad field."""
    check = FieldCheck()
    least = request.min_confidence if request.HasField("min_confidence") else None
    check.require(least is None or 0 <= least <= 100, "min_confidence", "must be between 0 and 100")
    most = request.max_merges
    check.require(0 <= most <= MOST_MERGES, "max_merges", f"must be between 0 and {MOST_MERGES}")
    check_run(check, request.reason, request.request_id)
    check.raise_if_any()
    return Wish(least, most or DEFAULT_MERGES)


def plan_message(plan: Plan) -> pb.AutoMergeResponse:
    """Return a plan as it is kept for a request that is sent again: those to merge have no result yet."""
    return pb.AutoMergeResponse(
        outcomes=map(_planned, plan.groups), scan=scan_message(plan.scan), min_confidence=plan.least
    )


def to_merge(outcome: pb.AutoMergeOutcome) -> bool:
    """Return whether a group of a plan is to be merged."""
    return outcome.result == pb.AUTO_MERGE_RESULT_UNSPECIFIED


def asked_of(
    request: pb.AutoMergeRequest,
    plan: pb.AutoMergeResponse,
    outcome: pb.AutoMergeOutcome,
    revisions: Mapping[str, int],
    by: tuple[str, Author, str],
) -> storage.BatchedMerge:
    """Return what customers is asked to apply; `by`: company, caller, and the id of the run.

    Without revisions only to say whether it was applied before.
    """
    company_id, author, run_id = by
    return storage.BatchedMerge(
        merge=storage.ApplyMergeRequest(
            merge_id=merge_id_of(company_id, f"{run_id}/{outcome.group_id}"),
            target_id=outcome.target_id,
            source_ids=outcome.source_ids,
            reason=request.reason or REASON,
            on_behalf_of=author.subject,
            on_behalf_of_name=author.name[:LONGEST_NAME],
            evidence=batch_pb.MergeEvidence(
                policy_version=plan.scan.model_version,
                scan_id=plan.scan.scan_id,
                group_id=outcome.group_id,
                confidence=outcome.confidence,
            ),
        ),
        expected_revisions=revisions,
        only_if_applied=not revisions,
    )


def outcome_of(
    planned: pb.AutoMergeOutcome, told: batch_pb.BatchMergeOutcome, left_because: str
) -> pb.AutoMergeOutcome:
    """Return what became of a group, from what customers says; `left_because`: why it was not to be merged any more."""
    outcome = pb.AutoMergeOutcome()
    outcome.CopyFrom(planned)
    if told.result != batch_pb.BATCH_MERGE_RESULT_BLOCKED:
        name = batch_pb.BatchMergeResult.Name(told.result).removeprefix("BATCH_MERGE_RESULT_")
        outcome.result = pb.AutoMergeResult.Value(_RESULT + name)
        outcome.merge_id = "" if outcome.result == pb.AUTO_MERGE_RESULT_WOULD_MERGE else told.merge_id
        return outcome
    outcome.result = pb.AUTO_MERGE_RESULT_SKIPPED
    outcome.skip = pb.AutoMergeSkip.Value(_SKIP + (left_because or _refused(told)))
    if not left_because:
        outcome.blockers.extend(told.blockers)
    return outcome


def counted(counts: Counter[str], outcomes: Sequence[pb.AutoMergeOutcome], total: int) -> pb.AutoMergeCounts:
    """Add outcomes to what was counted before, and say how far the run is."""
    for outcome in outcomes:
        result = pb.AutoMergeResult.Name(outcome.result).removeprefix(_RESULT).lower()
        counts.update({"done": 1, result: 1})
        counts["customers"] += len(outcome.source_ids) if result != "skipped" else 0
    return pb.AutoMergeCounts(total=total, **counts)


def _planned(weighed: Weighed) -> pb.AutoMergeOutcome:
    target, *sources = weighed.candidate.ordered
    left = weighed.left_because
    return pb.AutoMergeOutcome(
        group_id=weighed.candidate.group_id,
        confidence=weighed.candidate.confidence,
        target_id=target,
        source_ids=sources,
        result=pb.AUTO_MERGE_RESULT_SKIPPED if left else pb.AUTO_MERGE_RESULT_UNSPECIFIED,
        skip=pb.AutoMergeSkip.Value(_SKIP + left) if left else pb.AUTO_MERGE_SKIP_UNSPECIFIED,
    )


def _refused(told: batch_pb.BatchMergeOutcome) -> str:
    names = {error_reason_pb2.ErrorReason.Name(one.reason).removeprefix("ERROR_REASON_") for one in told.blockers}
    return CHANGED if names <= _OF_CHANGE else REFUSED

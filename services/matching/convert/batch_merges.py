"""Batch merges owns the messages of many merges: as asked for, as customers applies them, what became of each."""

from collections import Counter
from collections.abc import Iterable, Sequence

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.customers.v1.merge_preview_pb2 import MergeBlocker
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import batch_merge_pb2 as pb
from services.matching.convert.merges import LONGEST_NAME, LONGEST_REASON, MOST_OVERRIDDEN, merge_id_of
from services.matching.domain.judgement import Author, Judgement
from services.matching.domain.merge_run import Apart, Item
from services.runtime.failures import FieldCheck
from services.runtime.ids import is_id, new_id

MOST_MERGES = 10_000


def items_of(request: pb.BatchMergeRequest) -> list[Item]:
    """Return the merges by their places; FieldsInvalid names what is wrong with the request as a whole."""
    check = FieldCheck()
    check.require(1 <= len(request.merges) <= MOST_MERGES, "merges", f"must be 1 to {MOST_MERGES} merges")
    check_run(check, request.reason, request.request_id)
    for place, one in enumerate(request.merges):
        few = len(one.overridden_judgement_ids) <= MOST_OVERRIDDEN
        check.require(few, f"merges[{place}].overridden_judgement_ids", f"takes up to {MOST_OVERRIDDEN} ids")
    check.raise_if_any()
    return [_item(place, one) for place, one in enumerate(request.merges)]


def check_run(check: FieldCheck, reason: str, request_id: str) -> None:
    """Note what is wrong with what is said of many merges together."""
    check.require(len(reason) <= LONGEST_REASON, "reason", f"must have at most {LONGEST_REASON} characters")
    check.require("\x00" not in reason, "reason", "holds a NUL character")
    check.require(not request_id or is_id(request_id), "request_id", "is no UUID")


def asked_of(request: pb.BatchMergeRequest, company_id: str, by: Author) -> list[storage.BatchedMerge]:
    """Return what customers is asked to apply. The same request has the same merge ids."""
    run_id = request.request_id or new_id()
    return [
        storage.BatchedMerge(
            merge=storage.ApplyMergeRequest(
                merge_id=merge_id_of(company_id, f"{run_id}/{place}"),
                target_id=one.target_id,
                source_ids=one.source_ids,
                rules=one.rules,
                choices=one.choices,
                expected_etags=one.expected_etags,
                reason=one.reason or request.reason,
                on_behalf_of=by.subject,
                on_behalf_of_name=by.name[:LONGEST_NAME],
            )
        )
        for place, one in enumerate(request.merges)
    ]


def judged_outcome(outcome: batch_pb.BatchMergeOutcome, judged: Sequence[Apart]) -> batch_pb.BatchMergeOutcome:
    """Return what became of a merge that judgements stand against; one that was made before stays so."""
    if not judged or outcome.result != batch_pb.BATCH_MERGE_RESULT_BLOCKED:
        return outcome
    others = [one for one in outcome.blockers if one.reason != error_reason_pb2.ERROR_REASON_PREVIEW_STALE]
    return blocked_outcome(outcome.merge_id, [*others, *(judged_blocker(one.judgement) for one in judged)])


def blocked_outcome(merge_id: str, blockers: Iterable[MergeBlocker]) -> batch_pb.BatchMergeOutcome:
    """Return that a merge cannot be made, and why."""
    return batch_pb.BatchMergeOutcome(merge_id=merge_id, result=batch_pb.BATCH_MERGE_RESULT_BLOCKED, blockers=blockers)


def judged_blocker(judgement: Judgement) -> MergeBlocker:
    """Return what stands against a merge."""
    verdict = judgement.verdict.lower()
    text = f"Judgement {judgement.judgement_id} says {verdict} of {judgement.left_id} and {judgement.right_id}."
    reason = error_reason_pb2.ERROR_REASON_JUDGED_DIFFERENT
    return MergeBlocker(reason=reason, customer_id=judgement.right_id, message=text)


def counted(counts: Counter[int], outcomes: Iterable[batch_pb.BatchMergeOutcome], total: int) -> pb.BatchMergeCounts:
    """Add outcomes to what was counted before, by result, and say how far the batch is."""
    counts.update(outcome.result for outcome in outcomes)
    return pb.BatchMergeCounts(
        total=total,
        done=sum(counts.values()),
        merged=counts[batch_pb.BATCH_MERGE_RESULT_MERGED],
        already=counts[batch_pb.BATCH_MERGE_RESULT_ALREADY],
        blocked=counts[batch_pb.BATCH_MERGE_RESULT_BLOCKED],
        would_merge=counts[batch_pb.BATCH_MERGE_RESULT_WOULD_MERGE],
    )


def _item(place: int, one: pb.MergeItem) -> Item:
    overridden = frozenset(judgement_id.lower() for judgement_id in one.overridden_judgement_ids)
    return Item(place, one.target_id.lower(), [source.lower() for source in one.source_ids], overridden)

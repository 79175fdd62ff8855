"""Messages of many merges: what is asked for, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as pb
from patronage.customers.v1.merge_preview_pb2 import MergeBlocker
from patronage.errors.v1 import error_reason_pb2
from services.customers.convert.merge import merge_of
from services.customers.domain.merge import Merge
from services.runtime.failures import Failure, FieldCheck, FieldsInvalid, FieldViolation
from services.runtime.ids import is_id

MOST_MERGES = 1_000
LONGEST_MESSAGE = 300


class Outcome(Protocol):
    """What is said of one merge."""

    @property
    def merge_id(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def failures(self) -> Sequence[Failure]: ...


def wanted_of(request: pb.ApplyMergesRequest) -> list[dict[str, Any]]:
    """What is asked for, by the names of its parts; one that is wrong says so and keeps no other one back."""
    check = FieldCheck()
    check.require(1 <= len(request.merges) <= MOST_MERGES, "merges", f"takes 1 to {MOST_MERGES} merges")
    check.raise_if_any()
    return [_wanted(one) for one in request.merges]


def outcome_messages(outcomes: Sequence[Outcome]) -> list[batch_pb.BatchMergeOutcome]:
    """Outcomes as messages."""
    return [
        batch_pb.BatchMergeOutcome(
            merge_id=outcome.merge_id,
            result=batch_pb.BatchMergeResult.Value("BATCH_MERGE_RESULT_" + outcome.result),
            blockers=map(blocker_message, outcome.failures),
            problems=[
                batch_pb.MergeProblem(field=field.field, description=field.description)
                for failure in outcome.failures
                for field in failure.fields
            ],
        )
        for outcome in outcomes
    ]


def blocker_message(failure: Failure) -> MergeBlocker:
    """What forbids a merge."""
    return MergeBlocker(
        reason=error_reason_pb2.ErrorReason.Value("ERROR_REASON_" + failure.reason),
        customer_id=failure.metadata.get("customer_id", ""),
        message=failure.message[:LONGEST_MESSAGE],
    )


def _wanted(one: pb.BatchedMerge) -> dict[str, Any]:
    merge_id = one.merge.merge_id.lower()
    try:
        if not is_id(merge_id):
            raise FieldsInvalid([FieldViolation("merge_id", "is no UUID")])
        return {
            "merge": merge_of(one.merge),
            "expected_etags": {key.lower(): etag for key, etag in one.merge.expected_etags.items()},
            "expected_digest": one.merge.expected_digest,
            "expected_revisions": {key.lower(): revision for key, revision in one.expected_revisions.items()},
            "only_if_applied": one.only_if_applied,
        }
    except FieldsInvalid as wrong:
        return {"merge": Merge(merge_id[:64], "", (), {}, {}), "wrong": wrong}

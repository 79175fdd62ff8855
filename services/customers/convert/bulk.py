"""Messages of batches: whom they are about, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from google.protobuf.wrappers_pb2 import BytesValue

from patronage.customers.v1 import bulk_pb2 as pb
from patronage.errors.v1 import error_reason_pb2
from services.customers.convert.listing import filter_of
from services.customers.domain.listing import Question
from services.runtime.failures import Failure, FieldCheck

LONGEST_MESSAGE = 300
KeptIds = BytesValue
"""Ids as 16 bytes each, kept for a request that is sent again."""


class Outcome(Protocol):
    """What a batch says of a customer."""

    @property
    def customer_id(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def failure(self) -> Failure | None: ...


def question_of(request: Any) -> Question | None:
    """The question of a request's filter; None where it has none. Raises FieldsInvalid."""
    if not request.HasField("filter"):
        return None
    check = FieldCheck()
    filtered = filter_of(request.filter, check)
    check.raise_if_any()
    return Question(**filtered, sort="CUSTOMER_ID")


def outcome_messages(outcomes: Sequence[Outcome]) -> list[pb.BatchOutcome]:
    """Outcomes as messages."""
    return [
        pb.BatchOutcome(
            customer_id=outcome.customer_id,
            result=pb.BatchResult.Value("BATCH_RESULT_" + outcome.result),
            **_why(outcome.failure),
        )
        for outcome in outcomes
    ]


def counted(counts: Counter[int], outcomes: Sequence[pb.BatchOutcome], total: int) -> pb.BatchCounts:
    """Adds outcomes to what was counted before, by result, and says how far the batch is."""
    counts.update(outcome.result for outcome in outcomes)
    return pb.BatchCounts(
        total=total,
        done=sum(counts.values()),
        changed=counts[pb.BATCH_RESULT_CHANGED],
        unchanged=counts[pb.BATCH_RESULT_UNCHANGED],
        failed=counts[pb.BATCH_RESULT_FAILED],
    )


def ids_message(customer_ids: Sequence[str]) -> KeptIds:
    """Ids to be kept."""
    return KeptIds(value=bytes.fromhex("".join(customer_ids).replace("-", "")))


def ids_of(message: KeptIds) -> list[str]:
    """The ids that were kept."""
    text = message.value.hex()
    parts = (text[place : place + 32] for place in range(0, len(text), 32))
    return [f"{part[:8]}-{part[8:12]}-{part[12:16]}-{part[16:20]}-{part[20:]}" for part in parts]


def _why(failure: Failure | None) -> dict[str, Any]:
    if failure is None:
        return {}
    reason = error_reason_pb2.ErrorReason.Value("ERROR_REASON_" + failure.reason)
    return {"reason": reason, "message": failure.message[:LONGEST_MESSAGE]}

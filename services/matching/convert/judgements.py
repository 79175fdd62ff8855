"""Judgements owns the messages about what people said of pairs, and the checks of what they say."""

from patronage.customers.v1 import customer_pb2
from patronage.matching.v1 import review_service_pb2 as pb
from services.matching.convert.policies import time_message
from services.matching.domain.judgement import LONGEST_REASON, Judged, Judgement
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken

_PREFIX = "VERDICT_"
_SAID = {pb.VERDICT_SAME, pb.VERDICT_DIFFERENT, pb.VERDICT_UNSURE}


def judged_of(request: pb.CreateJudgementRequest) -> tuple[Judged, ChangeToken | None]:
    """Return what is said, and what must have been followed; FieldsInvalid names every bad field."""
    check = FieldCheck()
    check.require(request.left_id, "left_id", "is required")
    check.require(request.right_id, "right_id", "is required")
    check.require(request.verdict in _SAID, "verdict", "must be SAME, DIFFERENT or UNSURE")
    _check_reason(check, request.reason)
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    verdict = pb.Verdict.Name(request.verdict).removeprefix(_PREFIX)
    return Judged(request.left_id, request.right_id, verdict, request.reason), token


def list_asked(request: pb.ListJudgementsRequest) -> ChangeToken | None:
    """Return what must have been followed."""
    check = FieldCheck()
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return token


def retract_asked(request: pb.RetractJudgementRequest) -> None:
    """Name every bad field."""
    check = FieldCheck()
    check.require(request.judgement_id, "judgement_id", "is required")
    _check_reason(check, request.reason)
    check.raise_if_any()


def judgement_message(judgement: Judgement) -> pb.Judgement:
    """Return a judgement as a message."""
    ended = judgement.retracted_at
    return pb.Judgement(
        judgement_id=judgement.judgement_id,
        left_id=judgement.left_id,
        right_id=judgement.right_id,
        verdict=pb.Verdict.Value(_PREFIX + judgement.verdict),
        reason=judgement.reason,
        created_by=customer_pb2.Actor(subject=judgement.author, name=judgement.author_name),
        create_time=time_message(judgement.created_at),
        merge_id=judgement.merge_id or "",
        retract_time=time_message(ended) if ended else None,
        retracted_by=customer_pb2.Actor(subject=judgement.retracted_by, name=judgement.retracted_by_name)
        if ended
        else None,
        retract_reason=judgement.retract_reason,
        in_conflict=judgement.in_conflict,
    )


def _check_reason(check: FieldCheck, reason: str) -> None:
    check.require(len(reason) <= LONGEST_REASON, "reason", f"takes up to {LONGEST_REASON} characters")
    check.require("\x00" not in reason, "reason", "holds a NUL character")

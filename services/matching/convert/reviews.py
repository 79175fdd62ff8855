"""Reviews owns the checks of what is asked of the review queue, and of what is decided."""

from datetime import datetime, timedelta

from google.protobuf.message import Message

from patronage.matching.v1 import merge_service_pb2
from patronage.matching.v1 import review_queue_pb2 as pb
from services.matching.convert.merges import MOST_OVERRIDDEN
from services.matching.convert.questions import EARLIEST, time_asked
from services.matching.domain.resolution import Decision
from services.matching.domain.review_item import LONGEST_REASON, MERGED, OPEN, UNSURE, ItemsAsked
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.ids import is_id

MERGE = "MERGE"
"""What a merge is called where it is asked for; it is kept as MERGED."""

LONGEST_INTERVAL = timedelta(days=366)
_USUAL_INTERVAL = timedelta(days=30)
_MOST_CUSTOMERS = 500


def list_asked(request: pb.ListReviewItemsRequest) -> tuple[ItemsAsked, ChangeToken | None]:
    """Return which items are asked for, and what must have been followed; FieldsInvalid names every bad field."""
    check = FieldCheck()
    least = request.min_confidence if request.HasField("min_confidence") else 0
    most = request.max_confidence if request.HasField("max_confidence") else 100
    check.require(0 <= least <= 100, "min_confidence", "must be between 0 and 100")
    check.require(0 <= most <= 100, "max_confidence", "must be between 0 and 100")
    kind = _name(check, request, "kind", "REVIEW_KIND_")
    state = _name(check, request, "state", "REVIEW_STATE_")
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return ItemsAsked(state or OPEN, kind, least, most, request.customer_id), token


def decision_of(request: pb.ResolveReviewItemRequest) -> Decision:
    """Return what is decided; FieldsInvalid names every bad field."""
    check = FieldCheck()
    check.require(request.item_id, "item_id", "is required")
    decided = _name(check, request, "resolution", "RESOLUTION_")
    check.require(request.resolution, "resolution", "must be MERGE, DIFFERENT, SAME or UNSURE")
    merges = decided == MERGE
    check.require(bool(request.target_id) == merges, "target_id", "is required of a MERGE, and of nothing else")
    for name in ("preview_token", "overridden_judgement_ids"):
        check.require(merges or not getattr(request, name), name, "is for a MERGE only")
    overridden = len(request.overridden_judgement_ids)
    check.require(overridden <= MOST_OVERRIDDEN, "overridden_judgement_ids", f"takes up to {MOST_OVERRIDDEN} ids")
    check.require(decided != UNSURE or not request.customer_ids, "customer_ids", "is not for UNSURE")
    check.require(len(request.customer_ids) <= _MOST_CUSTOMERS, "customer_ids", f"takes up to {_MOST_CUSTOMERS} ids")
    check.require(len(request.reason) <= LONGEST_REASON, "reason", f"takes up to {LONGEST_REASON} characters")
    check.require("\x00" not in request.reason, "reason", "holds a NUL character")
    check.require(not request.request_id or is_id(request.request_id), "request_id", "is no UUID")
    check.raise_if_any()
    return Decision(
        request.item_id,
        MERGED if merges else decided,
        request.target_id,
        tuple(request.customer_ids),
        request.reason,
        request.etag,
    )


def merge_request(
    request: pb.ResolveReviewItemRequest, ends: tuple[str, tuple[str, ...]], request_id: str
) -> merge_service_pb2.MergeCustomersRequest:
    """Return the merge of sources into a target that a decision asks for."""
    target, sources = ends
    return merge_service_pb2.MergeCustomersRequest(
        target_id=target,
        source_ids=sources,
        reason=request.reason,
        request_id=request_id,
        preview_token=request.preview_token,
        allow_unpreviewed=not request.preview_token,
        overridden_judgement_ids=request.overridden_judgement_ids,
    )


def interval_asked(request: pb.GetReviewStatsRequest, now: datetime) -> tuple[datetime, datetime]:
    """Return from when and until when decisions are counted; FieldsInvalid names every bad field."""
    check = FieldCheck()
    end = time_asked(check, request.end_time, "end_time") if request.HasField("end_time") else now
    start = time_asked(check, request.start_time, "start_time") if request.HasField("start_time") else None
    check.raise_if_any()
    begin = start if start is not None else max(end, EARLIEST + _USUAL_INTERVAL) - _USUAL_INTERVAL
    check.require(begin <= end, "start_time", "must not be after end_time")
    check.require(end - begin <= LONGEST_INTERVAL, "end_time", "must be at most 366 days after start_time")
    check.raise_if_any()
    return begin, end


def _name(check: FieldCheck, request: Message, field: str, prefix: str) -> str:
    """Return a value's name without its prefix; '' for none, and for one that is not known, which is noted."""
    number = getattr(request, field)
    values = request.DESCRIPTOR.fields_by_name[field].enum_type
    known = values.values_by_number if values else {}
    if not number or not check.require(number in known, field, "is no value that is known here"):
        return ""
    return str(known[number].name).removeprefix(prefix)

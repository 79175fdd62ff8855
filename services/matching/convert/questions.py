"""Questions owns the checks of what matching is asked; each bad field is named."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.matching.v1 import matching_service_pb2 as pb
from services.matching.convert.change import raw_identity
from services.matching.domain.customer_seen import RawIdentity
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken

DEFAULT_MIN_CONFIDENCE = 50
DEFAULT_LIMIT = 10
MOST_CANDIDATES = 100
MOST_IN_BATCH = 500
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = RawIdentity()


def record_asked(request: pb.MatchRecordRequest) -> tuple[RawIdentity, int, int, ChangeToken | None]:
    """Return the record, the least confidence, how many candidates at the most, and what must have been followed."""
    check, record = FieldCheck(), raw_identity(request.record)
    check.require(record != _NOTHING, "record", "must say something to match by")
    return record, *_candidates_asked(check, request)


def duplicates_asked(request: pb.FindDuplicatesRequest) -> tuple[str, int, int, ChangeToken | None]:
    """Return the customer, the least confidence, how many candidates, and what must have been followed."""
    check = FieldCheck()
    check.require(request.customer_id, "customer_id", "is required")
    return request.customer_id, *_candidates_asked(check, request)


def _candidates_asked(
    check: FieldCheck, request: pb.MatchRecordRequest | pb.FindDuplicatesRequest
) -> tuple[int, int, ChangeToken | None]:
    check.require(0 <= request.limit <= MOST_CANDIDATES, "limit", f"must be between 0 and {MOST_CANDIDATES}")
    least = _min_confidence(check, request, DEFAULT_MIN_CONFIDENCE)
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return least, request.limit or DEFAULT_LIMIT, token


def groups_asked(request: pb.ListDuplicateGroupsRequest) -> int:
    """Return the least confidence of the groups."""
    check = FieldCheck()
    least = _min_confidence(check, request, 0)
    check.require(request.page_size >= 0, "page_size", "must not be negative")
    check.raise_if_any()
    return least


def stream_asked(request: pb.StreamDuplicateGroupsRequest) -> tuple[int, int]:
    """Return the least confidence of the groups, and how many a message."""
    check = FieldCheck()
    least = _min_confidence(check, request, 0)
    size = request.batch_size
    check.require(0 <= size <= MOST_IN_BATCH, "batch_size", f"must be between 0 and {MOST_IN_BATCH}")
    check.raise_if_any()
    return least, size or MOST_IN_BATCH


def training_asked(request: pb.TrainPolicyRequest) -> ChangeToken | None:
    """Return what must have been followed before the training reads."""
    check = FieldCheck()
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return token


def scan_asked(request: pb.ScanDuplicatesRequest, default: int) -> tuple[int, ChangeToken | None]:
    """Return the least confidence of a link, and what must have been followed."""
    check = FieldCheck()
    least = _min_confidence(check, request, default)
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return least, token


def pair_asked(request: pb.ExplainMatchRequest) -> ChangeToken | None:
    """Return what must have been followed before the pair is explained."""
    check = FieldCheck()
    check.require(request.left_id, "left_id", "is required")
    check.require(request.right_id, "right_id", "is required")
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return token


def required(**fields: str) -> None:
    """Refuse empty fields, all at once."""
    check = FieldCheck()
    for name, value in fields.items():
        check.require(value, name, "is required")
    check.raise_if_any()


def _min_confidence(check: FieldCheck, request: Message, default: int) -> int:
    least: int = request.min_confidence if request.HasField("min_confidence") else default  # type: ignore[attr-defined]
    check.require(0 <= least <= 100, "min_confidence", "must be between 0 and 100")
    return least


def time_asked(check: FieldCheck, value: Timestamp, field: str) -> datetime:
    """Return a time in UTC; one that is out of range is noted, and EARLIEST stands for it."""
    try:
        return value.ToDatetime(UTC)
    except (ValueError, OverflowError):
        check.require(False, field, "is no time")
        return EARLIEST

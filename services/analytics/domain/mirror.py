"""What this service keeps of each customer and company, and which state shows and which can buy."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.analytics.domain.money import Amount
from services.analytics.domain.sales import ExternalReference


class CustomerState(StrEnum):
    """Where a customer stands; GONE is one that the customers service no longer has."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    MERGED = "MERGED"
    DELETED = "DELETED"
    ERASED = "ERASED"
    GONE = "GONE"


class PartyType(StrEnum):
    """Person or business."""

    PERSON = "PERSON"
    ORGANIZATION = "ORGANIZATION"


class Stage(StrEnum):
    """Where a customer stands with the company."""

    PROSPECT = "PROSPECT"
    LEAD = "LEAD"
    CUSTOMER = "CUSTOMER"
    CHURNED = "CHURNED"


UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)

# Shown, listed and counted when they are roots.
SHOWN = frozenset({CustomerState.ACTIVE, CustomerState.INACTIVE})
# A sale that happened is recorded for a deleted customer too: it counts as revenue and shows when the customer
# is restored. Nothing new is tied to a person who was erased.
CAN_BUY = frozenset({*SHOWN, CustomerState.MERGED, CustomerState.DELETED})


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """A customer as the feed tells it; `merged_into` is None for a root.

    `staged_at` is when it entered its stage; `by_merge` says that a merge or an undo changed what it shows, and that
    nobody moved it to another stage.
    """

    customer_id: str
    revision: int
    name: str
    state: CustomerState
    party_type: PartyType
    merged_into: str | None
    external_ids: tuple[ExternalReference, ...] = ()
    email: str = ""
    phone: str = ""
    customer_type: str = "WALK_IN"
    source: str = "API"
    tags: tuple[str, ...] = ()
    stage: Stage = Stage.PROSPECT
    staged_at: datetime = UNKNOWN_TIME
    joined_at: datetime = UNKNOWN_TIME
    by_merge: bool = False


@dataclass(frozen=True, slots=True)
class CompanyChange:
    """The settings of a company as the feed tells them."""

    revision: int
    currency: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class EngagementChange:
    """An engagement as the feed tells it; a value of None is not known."""

    engagement_id: str
    revision: int
    origin_customer_id: str
    kind: str
    status: str
    value: Amount | None
    converted_from: str | None
    status_time: datetime
    deleted: bool


Told = CustomerChange | CompanyChange | EngagementChange
DEFAULT_TIME_ZONE = "UTC"
DEFAULT_CURRENCY = "USD"

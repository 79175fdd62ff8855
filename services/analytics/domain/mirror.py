"""What this service keeps of each customer and company, and which state shows and which can buy."""

from dataclasses import dataclass
from enum import StrEnum

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


# Shown, listed and counted when they are roots.
SHOWN = frozenset({CustomerState.ACTIVE, CustomerState.INACTIVE})
# A sale that happened is recorded for a deleted customer too: it counts as revenue and shows when the customer
# is restored. Nothing new is tied to a person who was erased.
CAN_BUY = frozenset({*SHOWN, CustomerState.MERGED, CustomerState.DELETED})


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """A customer as the feed tells it; `merged_into` is None for a root."""

    customer_id: str
    revision: int
    name: str
    state: CustomerState
    party_type: PartyType
    merged_into: str | None
    external_ids: tuple[ExternalReference, ...] = ()


@dataclass(frozen=True, slots=True)
class CompanyChange:
    """The settings of a company as the feed tells them."""

    revision: int
    currency: str
    time_zone: str


Told = CustomerChange | CompanyChange
DEFAULT_TIME_ZONE = "UTC"

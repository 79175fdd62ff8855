"""A question for a list of customers: conditions, order and direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from services.customers.domain.fields import Json
from services.customers.domain.keys import LIVE_STATES

SORTS = ("CREATE_TIME", "UPDATE_TIME", "NAME", "CUSTOMER_ID")
LONGEST_TEXT = 255
MOST_SKIPPED = 10_000
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """Which customers, in which order. Spans include their start and leave out their end; None is no bound."""

    text: str = ""
    states: tuple[str, ...] = LIVE_STATES
    created_from: datetime | None = None
    created_before: datetime | None = None
    updated_from: datetime | None = None
    updated_before: datetime | None = None
    sort: str = "CREATE_TIME"
    descending: bool = False

    def identity(self) -> Mapping[str, Json]:
        """What a page token is bound to."""
        return {"list": "customers", **asdict(self)}

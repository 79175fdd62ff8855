"""What can become of a sale that is asked for."""

from dataclasses import dataclass
from enum import StrEnum

from services.analytics.domain.sales import NewSale, Sale


class Result(StrEnum):
    """What was done with a sale."""

    RECORDED = "RECORDED"
    UNCHANGED = "UNCHANGED"
    PARKED = "PARKED"
    CONFLICT = "CONFLICT"
    UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sale that was asked for: as stored where it is, and in what it differs from what is there."""

    asked: NewSale
    result: Result
    stored: Sale | None = None
    differs: tuple[str, ...] = ()

    @property
    def recorded(self) -> bool:
        """Whether it was this call that stored the sale."""
        return self.result is Result.RECORDED

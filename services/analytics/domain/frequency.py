"""How often a customer comes back, as a table of bands."""

from dataclasses import dataclass
from enum import StrEnum


class RepeatFrequency(StrEnum):
    """The names of the bands."""

    NONE = "NONE"
    ONE_TIME = "ONE_TIME"
    OCCASIONAL = "OCCASIONAL"
    REGULAR = "REGULAR"
    FREQUENT = "FREQUENT"


@dataclass(frozen=True, slots=True)
class Band:
    """Customers with this many purchases or more, up to the next band."""

    frequency: RepeatFrequency
    least_purchases: int


BANDS = (
    Band(RepeatFrequency.NONE, 0),
    Band(RepeatFrequency.ONE_TIME, 1),
    Band(RepeatFrequency.OCCASIONAL, 2),
    Band(RepeatFrequency.REGULAR, 4),
    Band(RepeatFrequency.FREQUENT, 10),
)
LEAST_REPEAT_PURCHASES = 2


def frequency_of(purchases: int) -> RepeatFrequency:
    """The highest band that the number of purchases reaches."""
    return next(band.frequency for band in reversed(BANDS) if purchases >= band.least_purchases)


def is_repeat_customer(purchases: int) -> bool:
    """Whether someone with so many purchases came back."""
    return purchases >= LEAST_REPEAT_PURCHASES

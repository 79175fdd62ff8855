"""What is told of a whole company over time: trend, cohorts, stages, segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from services.analytics.domain.figures import percentage
from services.analytics.domain.mirror import Stage
from services.analytics.domain.money import Amount, mean


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The sales of a period, by its first day, in one currency."""

    begin: date
    sales: int
    revenue: Amount


@dataclass(frozen=True, slots=True)
class CohortCell:
    """How many of the customers who first bought in a month bought in another, and how often."""

    cohort: date
    month: date
    customers: int
    purchases: int

    @property
    def months_after(self) -> int:
        """How many months after the first one, from 0."""
        return 12 * (self.month.year - self.cohort.year) + self.month.month - self.cohort.month


@dataclass(frozen=True, slots=True)
class Cohort:
    """The customers who first bought in a month, and in which months since then they bought."""

    month: date
    cells: Sequence[CohortCell]

    @property
    def customers(self) -> int:
        """How many there are: everyone bought in the first month."""
        return next(cell.customers for cell in self.cells if cell.month == self.month)

    def retention(self, cell: CohortCell) -> Decimal:
        """The customers of a month in a hundred of all, one decimal."""
        return percentage(cell.customers, self.customers)


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Customers who show a stage at the end of an interval, and the stays in it that were open then or ended before;
    times in whole seconds."""

    stage: Stage
    customers: int = 0
    average_open_s: int = 0
    stays_ended: int = 0
    average_s: int = 0


@dataclass(frozen=True, slots=True)
class Conversion:
    """Moves from a stage to another, and the median of the time before them in whole seconds."""

    from_stage: Stage
    to_stage: Stage
    moves: int
    median_s: int


@dataclass(frozen=True, slots=True)
class LifecycleFigures:
    """How customers move through the stages."""

    stages: Sequence[StageFigures]
    conversions: Sequence[Conversion]


class Segment(StrEnum):
    """The segments of customers by recency, frequency and money."""

    CHAMPIONS = "CHAMPIONS"
    LOYAL = "LOYAL"
    PROMISING = "PROMISING"
    NEW = "NEW"
    NEED_ATTENTION = "NEED_ATTENTION"
    ABOUT_TO_SLEEP = "ABOUT_TO_SLEEP"
    AT_RISK = "AT_RISK"
    HIBERNATING = "HIBERNATING"
    LOST = "LOST"


# By the score of recency, then by that of frequency and money.
_SEGMENTS = {
    (5, 4): (Segment.CHAMPIONS, Segment.PROMISING, Segment.NEW),
    (3,): (Segment.LOYAL, Segment.NEED_ATTENTION, Segment.ABOUT_TO_SLEEP),
    (2, 1): (Segment.AT_RISK, Segment.HIBERNATING, Segment.LOST),
}


def segment_of(recency: int, frequency: int, monetary: int) -> Segment:
    """The segment of three scores of 1 to 5."""
    both = mean(frequency + monetary, 2)
    row = next(segments for scores, segments in _SEGMENTS.items() if recency in scores)
    return row[0] if both >= 4 else row[1] if both >= 2 else row[2]


@dataclass(frozen=True, slots=True)
class RfmCutPoints:
    """Above which values a customer scores 2, 3, 4 and 5."""

    recency: Sequence[datetime]
    frequency: Sequence[int]
    monetary: Sequence[int]


@dataclass(frozen=True, slots=True)
class SegmentFigures:
    """The customers of a segment and what they spent, in minor units."""

    segment: Segment
    customers: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class RfmFigures:
    """The customers who bought in a currency, by segment; no cut points where nobody did."""

    currency: str
    cut_points: RfmCutPoints | None
    segments: Sequence[SegmentFigures]

"""Evidence owns what a match says of itself: probability, confidence, and the waterfall that leads there."""

from dataclasses import dataclass
from math import exp2

AUTO_LINK = 90
"""From this confidence on, records may be linked without a person looking."""

NAME_ONLY_LIMIT = 69
"""The confidence that names alone can reach: two John Smiths are a question, never an answer."""

MOST_OF_STEPS = -1.0
"""The match weight of a pair whose names differ, where nothing but a number nearly the same speaks for it."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one comparison adds to the match weight, in bits."""

    comparison: str
    left: str
    right: str
    level: str
    weight: float
    frequency_adjustment: float

    @property
    def total(self) -> float:
        """Return the weight of the level with the value's own frequency taken into account."""
        return self.weight + self.frequency_adjustment


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure it is that two records are one; `levels` holds the comparisons that had both values."""

    match_weight: float
    match_probability: float
    confidence: int
    levels: dict[str, str]
    matched_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The waterfall of one pair: prior, contributions and correlation add up to the match weight."""

    model_version: str
    prior_weight: float
    contributions: tuple[Contribution, ...]
    shared_household_adjustment: float
    """Taken off because relatives too share home, surname and phone, and since numbers that are a digit apart are one
    fact together, and none where a name differs and nothing else speaks for the match; zero or negative."""

    match_weight: float
    match_probability: float
    confidence: int
    shared_keys: tuple[str, ...]
    """Kinds of blocking keys that both records have; empty means that a scan never compares them."""


def probability(weight: float) -> float:
    """Return the match probability of a match weight in bits."""
    if weight > 60:
        return 1.0
    return 1.0 - 1.0 / (1.0 + exp2(max(weight, -60.0)))

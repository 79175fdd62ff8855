"""Ladder owns the older way to judge: the first rung that holds decides, e-mail before phone before name."""

from dataclasses import dataclass
from math import log2

from services.matching.domain.evidence import AUTO_LINK
from services.matching.domain.model import Comparison, Level, Model

EMAIL, PHONE, LEAST_SIMILAR = 100, 90, 70
"""The confidence of the same e-mail, of the same phone, and the least similarity of names that counts."""

MOST_BY_NAME = AUTO_LINK - 1
"""What names alone can reach, however equal: below what links without a person looking."""

NOTHING = 1e-9
"""The probability where no rung holds; a certain rung stops as far from 1 as scores do."""


@dataclass(frozen=True, slots=True)
class Ladder(Model):
    """A model whose weights do not add up; nothing is learned, and no value's frequency matters."""

    def prior(self, records: int) -> float:
        """Return the probability from which every rung starts, whatever the size of the file."""
        return NOTHING


def rung_of_similarity(percent: int) -> int:
    """Return the level of the name's comparison: 0 for equal names, the last one for those that are different."""
    return 100 - percent if percent >= LEAST_SIMILAR else 100 - LEAST_SIMILAR + 1


def confidence_of(comparison: str, level: int) -> int:
    """Return the confidence of a rung, 0 where it does not hold."""
    if comparison == "name":
        return min(100 - level, MOST_BY_NAME) if level <= 100 - LEAST_SIMILAR else 0
    return {"email": EMAIL, "phone": PHONE}[comparison] if level == 0 else 0


def weight_of(confidence: int) -> float:
    """Return the bits from the start of the ladder up to a confidence."""
    share = min(max(confidence / 100.0, NOTHING), 0.9999)
    return log2(share / (1.0 - share)) - log2(NOTHING) if confidence else 0.0


def _level(comparison: str, number: int, name: str) -> Level:
    share = min(max(confidence_of(comparison, number) / 100.0, NOTHING), 0.9999)
    return Level(name, share, 1.0 - share)


LADDER = Ladder(
    version="ladder-1",
    comparisons=(
        *(
            Comparison(name, (_level(name, 0, "exact"), _level(name, 1, "different")), learned=False)
            for name in ("email", "phone")
        ),
        Comparison(
            "name",
            (
                *(_level("name", 100 - percent, f"similar {percent}") for percent in range(100, LEAST_SIMILAR - 1, -1)),
                _level("name", 100 - LEAST_SIMILAR + 1, "different"),
            ),
            learned=False,
            names_only=True,
        ),
    ),
)

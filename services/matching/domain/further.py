"""Further owns what it is worth to agree in a column of a file that nothing is known of but its values."""

from dataclasses import replace
from math import sqrt

from services.matching.domain.model import RARE, Comparison, Level, Model

PREFIX = "column_"
"""What the attribute of such a column, and its comparison, begin with; its heading follows."""

LONGEST = 64
"""Characters of a value; a longer one is prose, and no value that many share."""

_COMMON = 0.1
"""Where more random pairs agree than this, agreeing and a name are no more than a name alone."""

_NEAR = 0.02
"""The share of pairs that differ, among strangers, which are nearly the same."""


def is_further(name: str) -> bool:
    """Return whether an attribute or a comparison is of such a column."""
    return name.startswith(PREFIX)


def further_comparison(name: str, agree: float, at_home: float = 0.0) -> Comparison:
    """Return where learning begins, of a column in which two random records agree with probability `agree`.

    It begins cautiously: matches agree more often than strangers, but differ nearly as often. People of one home
    agree with probability `at_home`, where that is known.
    """
    same = sqrt(max(agree, RARE))
    related = max((same + agree) / 2, min(at_home, 1.0 - _NEAR))
    return Comparison(
        name,
        (
            Level("exact", same, agree, related, frequency_of=name),
            Level("near", 2 * _NEAR * (1 - same), _NEAR * (1 - agree), _NEAR * (1 - related)),
            Level("different", (1 - 2 * _NEAR) * (1 - same), (1 - _NEAR) * (1 - agree), (1 - _NEAR) * (1 - related)),
        ),
        names_only=agree > _COMMON,
        given_lift=1.0,
    )


def in_order(comparison: Comparison) -> Comparison:
    """Return the comparison with nearly the same worth no more than the same, as few pairs may make it seem."""
    exact, near, different = comparison.levels
    return replace(comparison, levels=(exact, replace(near, u=max(near.u, near.m * exact.u / exact.m)), different))


def as_nothing(comparison: Comparison) -> Comparison:
    """Return the comparison with no level that tells anything."""
    levels = (replace(level, m=level.u, related=None, frequency_of="") for level in comparison.levels)
    return replace(comparison, levels=tuple(levels), given_lift=None)


def without(model: Model, names: set[str]) -> Model:
    """Return the model without some comparisons."""
    kept = tuple(comparison for comparison in model.comparisons if comparison.name not in names)
    return model if len(kept) == len(model.comparisons) else replace(model, comparisons=kept)

"""Model owns what agreement and disagreement are worth: comparisons, levels and weights, declared as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Protocol

RARE = 1e-7
"""No level is rarer than this among matches or others: a weight stays finite."""


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement: how often matches, strangers and related people reach it."""

    name: str
    m: float
    u: float
    related: float | None = None
    """Among people who share a home or a mailbox and are not the same; None when as among strangers."""

    frequency_of: str = ""
    """The attribute whose value's own frequency replaces `u`; '' when the value does not matter."""

    among_namesakes: float | None = None
    """How often strangers of one name reach it, where the name itself suggests the value, as in an e-mail."""

    step: bool = False
    """The values are a digit apart, which makes the next one of a series as easily as an error."""

    @property
    def weight(self) -> float:
        """Return the match weight in bits."""
        return log2(max(self.m, RARE) / max(self.u, RARE))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One way of comparing two records; the engine's assessor of this name says which level holds."""

    name: str
    levels: tuple[Level, ...]
    learned: bool = True
    names_only: bool = False
    """Evidence about the name, which alone never links two records."""

    given_lift: float | None = None
    """How much likelier strangers of one given name agree here, since names have fashions; None where they are not."""

    inherited: bool = False
    """Some relatives of one given name agree here as one person does: the son has all names of his father."""


@dataclass(frozen=True, slots=True)
class Model:
    """An immutable version of all weights; every stored decision names it."""

    version: str
    comparisons: tuple[Comparison, ...]
    duplicates_per_record: float = 0.1
    relatives_per_record: float = 0.2

    def prior(self, records: int) -> float:
        """Return the chance that two random records of a file this large are one person."""
        return min(0.5, self.duplicates_per_record / max(records - 1, 1))

    def related_prior(self, records: int) -> float:
        """Return the chance that two random records belong to related people."""
        return min(0.5, self.relatives_per_record / max(records - 1, 1))


class ValueCounts(Protocol):
    """How many records hold each value of one attribute; a dictionary, or something that takes less room."""

    def get(self, value: str, default: float, /) -> float:
        """Return the count of a value, the default for one that is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How many records hold each value of an attribute, as counted by the last scan."""

    records: int
    counts: Mapping[str, ValueCounts]
    """By attribute and value; a value that is not there counts 1. A scan leaves duplicates of one person out."""


USUAL_RECORDS = 10_000
"""The size assumed when nothing was counted yet."""

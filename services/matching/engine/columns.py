"""Columns owns records as integer codes into dictionaries of distinct values, one column an attribute."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar, overload

import numpy as np

from services.matching.domain.attributes import (
    ATTRIBUTES,
    DERIVED_ATTRIBUTES,
    RARITY,
    USUAL_RARITY,
    DerivedAttribute,
)
from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import RARE, USUAL_RECORDS, Frequencies
from services.matching.engine.arrays import MISSING, Codes, Rows, Weights
from services.matching.engine.profiles import Profile, profile
from services.matching.engine.vocabulary import Vocabulary

_DERIVED = {derived.name: derived for derived in DERIVED_ATTRIBUTES}

Fact = TypeVar("Fact")

_one_at_a_time = Lock()
"""Held while an attribute is derived, so that two threads do not do so twice."""

SHIPPED_RATES = {
    level.frequency_of: level.u
    for comparison in DEFAULT_MODEL.comparisons
    for level in reversed(comparison.levels)
    if level.frequency_of
}
"""How often a value of each attribute is usually shared, which counts beside what a small file shows."""

SHIPPED_RECORDS, FEW_RECORDS = 200.0, 1000
"""As how many records the shipped rates count in a file of a few; in larger ones they fade."""


class PairedValues(Sequence[str]):
    """Values that are made of two others each, written out only where one is looked at."""

    def __init__(
        self, firsts: Sequence[str], seconds: Sequence[str], pairs: Rows, written: Callable[[str, str], str]
    ) -> None:
        self._firsts, self._seconds, self._pairs, self._written = firsts, seconds, pairs, written

    def __len__(self) -> int:
        return len(self._pairs)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self._text(pair) for pair in self._pairs[place].tolist()]
        return self._text(int(self._pairs[place]))

    def _text(self, pair: int) -> str:
        return self._written(self._firsts[pair >> 32], self._seconds[pair & 0xFFFFFFFF])


@dataclass(slots=True)
class Column:
    """One attribute: `codes[row, slot]` points into `values`; a record has a slot for each contact point."""

    values: Sequence[str]
    codes: Codes


@dataclass(slots=True)
class Columns:
    """All attributes of all records, and how often each value occurs."""

    size: int
    base: dict[str, Column]
    frequencies: Frequencies | None = None
    """Counts taken elsewhere; None when these records were counted themselves, or nothing was."""

    population: int = 0
    """Records among which the frequencies were counted, and by which the prior goes."""

    _derived: dict[str, Column] = field(default_factory=dict)
    _rate_bits: dict[str, Weights] = field(default_factory=dict)

    _counts: dict[str, Codes] = field(default_factory=dict)
    _uncounted: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    _facts: dict[str, Any] = field(default_factory=dict)
    _profiles: dict[int, Profile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.population = self.population or self.size

    def __getitem__(self, attribute: str) -> Column:
        if attribute in self.base:
            return self.base[attribute]
        if attribute not in self._derived:
            derived = _DERIVED[attribute]
            source = self.base[derived.source]
            with _one_at_a_time:
                if attribute not in self._derived:
                    self._derived[attribute] = _derive(derived, source)
        return self._derived[attribute]

    def has(self, attribute: str) -> bool:
        """Return whether any record may have this attribute, without deriving it."""
        derived = _DERIVED.get(attribute)
        return bool(len(self.base[attribute if attribute in self.base or derived is None else derived.source].values))

    def fact(self, name: str, build: Callable[[], Fact]) -> Fact:
        """Return something known of each value, built when it is first asked for."""
        if name not in self._facts:
            self._facts[name] = build()
        found: Fact = self._facts[name]
        return found

    def profile(self, attribute: str) -> Profile:
        """Return what is known of the attribute's values beforehand."""
        values = self[attribute].values
        found = self._profiles.get(id(values))
        if found is None or len(found.lengths) != len(values):
            found = self._profiles[id(values)] = profile(values)
        return found

    def rate_bits(self, attribute: str) -> Weights | None:
        """Return log2 of the chance that another record has each value; None when nothing was counted."""
        if attribute not in self._rate_bits and self.frequencies is not None:
            known = self.frequencies.counts.get(attribute, {})
            values = self[attribute].values
            others = np.fromiter((known.get(value, 1.0) - 1.0 for value in values), np.float64, len(values))
            self.set_others(attribute, others)
        return self._rate_bits.get(attribute)

    def set_others(self, attribute: str, others: Weights) -> None:
        """Say how many records of other people hold each value that a record has."""
        at_least: Weights = np.maximum(others, RARITY.get(attribute, USUAL_RARITY))
        usual, records = self._shipped(attribute)
        self._rate_bits[attribute] = np.log2(np.clip((at_least + usual) / records, RARE, 1.0))

    def _shipped(self, attribute: str) -> tuple[float, float]:
        """Return the shipped share of a rate: holders to add to those seen, and the records of both."""
        known = SHIPPED_RECORDS * min(1.0, FEW_RECORDS / max(self.population, 1))
        return known * SHIPPED_RATES.get(attribute, 0.0), known + max(self.population - 1, 1)

    def count_own_values(self, attributes: Iterable[str]) -> None:
        """Take the frequencies from these records themselves."""
        for attribute in attributes:
            self.set_others(attribute, self.counts(attribute).astype(np.float64) - 1.0)

    def take_over(self, whole: "Columns", rows: Rows) -> None:
        """Take what is known of the columns that these rows were chosen from."""
        self._derived = {name: Column(column.values, column.codes[rows]) for name, column in whole._derived.items()}
        self._rate_bits, self._counts, self._profiles = whole._rate_bits, whole._counts, whole._profiles

    def leave_uncounted(self, rows: Rows) -> None:
        """Count no values of these rows, which repeat others; to be said before anything is counted."""
        self._uncounted = rows
        self.population -= len(rows)

    def counts(self, attribute: str) -> Codes:
        """Return how many times each value occurs, in rows that count."""
        if attribute not in self._counts:
            column = self[attribute]
            counts = _occurrences(column, column.codes)
            if len(self._uncounted):
                counts -= _occurrences(column, column.codes[self._uncounted])
            self._counts[attribute] = counts
        return self._counts[attribute]

    def counted(self, attributes: Iterable[str]) -> Frequencies:
        """Return the counts that are not the usual 1, for scoring other records against these ones later."""
        return Frequencies(self.population, {name: self._repeated(name) for name in attributes})

    def _repeated(self, attribute: str) -> dict[str, float]:
        """Return for repeated values the count that leads to the rate in use."""
        values, bits = self[attribute].values, self.rate_bits(attribute)
        usual, records = self._shipped(attribute)
        counts = np.zeros(0) if bits is None else np.exp2(bits) * records - usual + 1.0
        return {values[code]: float(counts[code]) for code in np.flatnonzero(self.counts(attribute) > 1).tolist()}


def _occurrences(column: Column, codes: Codes) -> Codes:
    codes = codes.ravel()
    return np.bincount(codes[codes >= 0], minlength=len(column.values)).astype(np.int32)


def columns_of(identities: Sequence[Identity], frequencies: Frequencies | None = None) -> Columns:
    """Encode a few records, such as one new record and its candidates."""
    vocabularies: dict[str, Vocabulary] = {}
    base: dict[str, Column] = {}
    for attribute in ATTRIBUTES:
        vocabulary = vocabularies.setdefault(attribute.vocabulary or attribute.name, Vocabulary())
        values = [attribute.read(identity) for identity in identities]
        base[attribute.name] = Column(vocabulary.values, _slots(vocabulary, values))
    for name in dict.fromkeys(name for identity in identities for name, _ in identity.further):
        vocabulary = Vocabulary()
        base[name] = Column(
            vocabulary.values, _slots(vocabulary, [(dict(identity.further).get(name, ""),) for identity in identities])
        )
    return Columns(len(identities), base, frequencies, frequencies.records if frequencies else USUAL_RECORDS)


def _slots(vocabulary: Vocabulary, values: list[tuple[str, ...]]) -> Codes:
    width = max((len(several) for several in values), default=1) or 1
    padded = [value for several in values for value in several + ("",) * (width - len(several))]
    return vocabulary.encode(padded).reshape(len(values), width)


def _derive(derived: DerivedAttribute, source: Column) -> Column:
    vocabulary = Vocabulary()
    used = np.flatnonzero(np.bincount(source.codes[source.codes >= 0], minlength=len(source.values)))
    lookup = np.full(len(source.values) + 1, MISSING, np.int32)
    lookup[used] = vocabulary.encode(derived.of_all(map(source.values.__getitem__, used.tolist())))
    return Column(vocabulary.values, lookup[source.codes])

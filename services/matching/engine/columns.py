"""Columns owns records as integer codes into dictionaries of distinct values, one column an attribute."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.matching.domain.attributes import ATTRIBUTES, DERIVED_ATTRIBUTES, DerivedAttribute
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import USUAL_RECORDS, Frequencies
from services.matching.engine.arrays import MISSING, Codes, Weights
from services.matching.engine.vocabulary import Vocabulary

_DERIVED = {derived.name: derived for derived in DERIVED_ATTRIBUTES}


@dataclass(slots=True)
class Column:
    """One attribute: `codes[row, slot]` points into `values`; a record has a slot for each contact point."""

    values: list[str]
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
    _rates: dict[str, Weights] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.population = self.population or self.size

    def __getitem__(self, attribute: str) -> Column:
        if attribute in self.base:
            return self.base[attribute]
        if attribute not in self._derived:
            derived = _DERIVED[attribute]
            self._derived[attribute] = _derive(derived, self.base[derived.source])
        return self._derived[attribute]

    def rates(self, attribute: str) -> Weights:
        """Return for each value the chance that another record has it too; NaN when nothing was counted."""
        if attribute not in self._rates:
            self._rates[attribute] = self._count(attribute)
        return self._rates[attribute]

    def _count(self, attribute: str) -> Weights:
        column = self[attribute]
        if self.frequencies is None:
            return np.full(len(column.values), np.nan)
        known = self.frequencies.counts.get(attribute, {})
        counts = np.fromiter((known.get(value, 1) for value in column.values), np.int64, len(column.values))
        return rates_of(counts, self.frequencies.records)

    def count_own_values(self, attributes: Iterable[str]) -> None:
        """Take the frequencies from these records themselves."""
        for attribute in attributes:
            self._rates[attribute] = rates_of(self.counts(attribute), self.population)

    def take_rates(self, whole: "Columns") -> None:
        """Take the frequencies of the columns that these rows were chosen from."""
        self._rates = dict(whole._rates)

    def counts(self, attribute: str) -> Codes:
        """Return how many times each value occurs."""
        column = self[attribute]
        codes = column.codes.ravel()
        return np.bincount(codes[codes >= 0], minlength=len(column.values)).astype(np.int32)

    def counted(self, attributes: Iterable[str]) -> Frequencies:
        """Return the counts of repeated values, for scoring other records against these ones later."""
        return Frequencies(self.size, {name: self._repeated(name) for name in attributes})

    def _repeated(self, attribute: str) -> dict[str, int]:
        values, counts = self[attribute].values, self.counts(attribute)
        return {values[code]: int(counts[code]) for code in np.flatnonzero(counts > 1).tolist()}


def rates_of(counts: Codes | np.ndarray, records: int) -> Weights:
    """Return the chance that another record holds a value which so many of all records hold."""
    return np.maximum(counts - 1, 1) / max(records - 1, 1)


def columns_of(identities: Sequence[Identity], frequencies: Frequencies | None = None) -> Columns:
    """Encode a few records, such as one new record and its candidates."""
    vocabularies: dict[str, Vocabulary] = {}
    base: dict[str, Column] = {}
    for attribute in ATTRIBUTES:
        vocabulary = vocabularies.setdefault(attribute.vocabulary or attribute.name, Vocabulary())
        values = [attribute.read(identity) for identity in identities]
        base[attribute.name] = Column(vocabulary.values, _slots(vocabulary, values))
    return Columns(len(identities), base, frequencies, frequencies.records if frequencies else USUAL_RECORDS)


def _slots(vocabulary: Vocabulary, values: list[tuple[str, ...]]) -> Codes:
    width = max((len(several) for several in values), default=1) or 1
    padded = [value for several in values for value in several + ("",) * (width - len(several))]
    return vocabulary.encode(padded).reshape(len(values), width)


def _derive(derived: DerivedAttribute, source: Column) -> Column:
    vocabulary = Vocabulary()
    lookup = np.append(vocabulary.encode([derived.derive(value) for value in source.values]), MISSING)
    return Column(vocabulary.values, lookup[source.codes].astype(np.int32))

"""Further columns owns which columns beyond those of a customer are evidence: whose values repeat, and are not told."""

from dataclasses import dataclass, field, replace
from functools import reduce
from math import sqrt

import numpy as np

from services.identity.text import fold
from services.matching.domain.further import PREFIX, further_comparison, is_further
from services.matching.domain.ladder import Ladder
from services.matching.domain.model import Model
from services.matching.engine.arrays import MISSING, Codes, Mask, Rows, mixed
from services.matching.engine.columns import Column, Columns
from services.matching.engine.normal_rows import NormalRows
from services.matching.engine.vocabulary import Vocabulary

__all__ = ["PREFIX", "FurtherColumns", "further_columns", "with_further"]

FEWEST_KNOWN = 0.02
"""The share of records that must have a value."""

MOST_ALIKE = 0.95
"""Above this share of random pairs that agree, a column is the same for nearly all."""

FEWEST_HOLDERS, HOLDERS_OF_ROOT = 8.0, 1 / 3
"""Records that hold a usual value, at least, and as a part of the root of all of them.

With fewer a column may number customers, households or groups of duplicates, which grow no larger with the file.
"""

MOST_TOLD = 0.5
"""A column whose values follow from another one's, for this share of what two random records differ in, is told."""

_TELLING = ("city", "postcode", "organization", "birth_year", "street")
_NAMES = ("given", "family", "organization")
_HOME = ("family", "street", "house_number")
_FEWEST_STRANGERS = 100


@dataclass(slots=True)
class FurtherColumns:
    """The columns that may be evidence, by attribute, and why others may not."""

    columns: dict[str, Column] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def further_columns(rows: NormalRows) -> FurtherColumns:
    """Encode those whose values repeat, but are not nearly always the same."""
    found = FurtherColumns()
    for name in sorted(filter(is_further, rows.names)):
        reason = _unfit(rows, name)
        if reason:
            found.left_out[name] = reason
        else:
            texts, (codes,) = rows.coded(name)
            vocabulary = Vocabulary()
            became = np.append(vocabulary.encode(map(fold, texts)), np.int32(MISSING))
            found.columns[name] = Column(vocabulary.values, became[codes].reshape(rows.size, 1))
    return found


def _unfit(rows: NormalRows, name: str) -> str:
    known, agreeing = rows.repeats(name)
    if known < FEWEST_KNOWN * rows.size or known < 2:
        return f"{known:,.0f} records have a value"
    alike = agreeing / (known * (known - 1.0))
    if alike > MOST_ALIKE:
        return f"the same for {100 * alike:.1f} % of random pairs"
    holders = 1.0 + agreeing / known
    if holders < fewest_holders(rows.size):
        return f"a value has {holders:.1f} holders: too few"
    return ""


def fewest_holders(records: int) -> float:
    """Return how many records must hold a usual value."""
    return max(FEWEST_HOLDERS, HOLDERS_OF_ROOT * sqrt(records))


def with_further(model: Model, columns: Columns, seed: int) -> tuple[Model, dict[str, str]]:
    """Return the model with a comparison for each further column that no other one tells, and why not for others."""
    names = [name for name in columns.base if is_further(name)]
    if isinstance(model, Ladder) or not names:
        return model, {}
    rates = {name: _agreeing(columns, name) for name in names}
    generator = np.random.default_rng(seed)
    told_by = [
        name for name in _TELLING if columns.has(name) and _holders(columns, name) >= fewest_holders(columns.size)
    ]
    left_out: dict[str, str] = {}
    for name in sorted(names, key=rates.__getitem__):
        teller = next((other for other in told_by if _tells(columns, other, name, rates[name], generator)), "")
        if teller:
            left_out[name] = f"told by {teller}"
        else:
            told_by.append(name)
    home = _at_home(columns, generator)
    further = (
        further_comparison(name, rates[name], _shared(columns, name, *home)) for name in names if name not in left_out
    )
    return replace(model, comparisons=(*model.comparisons, *further)), left_out


def _holders(columns: Columns, name: str) -> float:
    """Return how many records hold the value of a random one."""
    counts = columns.counts(name).astype(np.float64)
    return float((counts * counts).sum() / max(counts.sum(), 1.0))


def _agreeing(columns: Columns, name: str) -> float:
    """Return the share of random pairs that agree."""
    counts = columns.counts(name).astype(np.float64)
    known = counts.sum()
    return float((counts * (counts - 1.0)).sum() / max(known * (known - 1.0), 1.0))


def _tells(columns: Columns, teller: str, name: str, rate: float, generator: np.random.Generator) -> bool:
    """Return whether strangers who share a value of `teller` mostly share one of `name`."""
    left, right = _sharing(columns[teller].codes[:, 0], generator)
    one, other = columns[name].codes[left, 0], columns[name].codes[right, 0]
    at = np.flatnonzero((one >= 0) & (other >= 0) & _strangers(columns, left, right))
    if len(at) < _FEWEST_STRANGERS:
        return False
    shared = float((one[at] == other[at]).mean())
    return bool(shared - rate > MOST_TOLD * (1.0 - rate))


def _sharing(codes: Codes, generator: np.random.Generator) -> tuple[Rows, Rows]:
    """Return pairs of rows with one value, each row with a random other one."""
    rows = generator.permutation(np.flatnonzero(codes >= 0))
    rows = rows[np.argsort(codes[rows], kind="stable")]
    same = np.flatnonzero(codes[rows[1:]] == codes[rows[:-1]])
    return rows[same], rows[same + 1]


def _at_home(columns: Columns, generator: np.random.Generator) -> tuple[Rows, Rows]:
    """Return pairs of one family name, street and number whose given names begin with other letters."""
    initial = columns["given_initial"].codes[:, 0]
    parts = [columns[name].codes[:, 0].astype(np.int64) for name in _HOME]
    known = (initial >= 0) & (np.minimum.reduce(parts) >= 0)
    homes = np.unique(reduce(mixed, parts), return_inverse=True)[1]
    left, right = _sharing(np.where(known, homes, MISSING).astype(np.int32), generator)
    apart = initial[left] != initial[right]
    return left[apart], right[apart]


def _shared(columns: Columns, name: str, left: Rows, right: Rows) -> float:
    """Return for what share of pairs a column agrees; 0 where too few tell."""
    one, other = columns[name].codes[left, 0], columns[name].codes[right, 0]
    at = np.flatnonzero((one >= 0) & (other >= 0))
    return 0.0 if len(at) < _FEWEST_STRANGERS else float((one[at] == other[at]).mean())


def _strangers(columns: Columns, left: Rows, right: Rows) -> Mask:
    """Return the pairs that have no name in common, but have some."""
    apart, known = np.ones(len(left), np.bool_), np.zeros(len(left), np.bool_)
    for name in _NAMES:
        one, other = columns[name].codes[left, 0], columns[name].codes[right, 0]
        both = (one >= 0) & (other >= 0)
        if name != "organization" or not known.any():
            apart &= ~both | (one != other)
            known |= both
    return apart & known

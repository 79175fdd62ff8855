"""Repeats owns rows that say exactly the same: two of them are compared, the others follow.

Rows that say enough to tell one person from another, and all the same, are one from the start, and their values count
once and not as often as they were written.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from services.matching.engine.arrays import Mask, Rows, mixed, order_of, run_starts
from services.matching.engine.columns import Column, Columns
from services.matching.engine.records import Records

_COMPARED = 2
_FOLLOWING = frozenset({"line", "email_local"})
"""Attributes that are equal where others are."""

_NAMES = ("given", "family", "organization")
_TELLING = ("email", "phone", "external_id", "line")
"""Beside a name, any of these tells one person from another."""

_BIRTH, _PLACE = ("birth_date",), ("postcode", "street")
"""So do both of these: many who are born on one day share a name."""


@dataclass(slots=True)
class Distinct:
    """Which rows are compared, and for each further row the two compared ones it equals."""

    records: Records
    """All of them."""

    rows: Rows
    """Input row of each compared row."""

    followers: Rows
    """Input rows that are not compared."""

    first: Rows
    second: Rows
    """Compared rows that each follower equals."""

    equal: tuple[Rows, Rows]
    """Pairs of compared rows that are one from the start."""

    def compared(self) -> Records:
        """Return the records that are compared, with what is known of all."""
        return _subset(self.records, self.rows)


def distinct(records: Records, judged: Collection[str] = ()) -> Distinct:
    """Set aside the rows of which two equal ones were seen already; those that a judgement names are compared.

    To be asked before values are counted, since it says which rows do not count.
    """
    signature = _signature(records)
    named = np.fromiter((record_id in judged for record_id in records.ids), np.bool_) if judged else None
    rows = None if named is None else np.argsort(named, kind="stable")
    order = order_of(signature) if rows is None else rows[order_of(signature[rows])]
    bounds = run_starts(signature[order])
    sizes = np.diff(bounds)
    start = np.repeat(bounds[:-1], sizes)
    late = np.arange(len(order)) - start >= _COMPARED
    if named is not None:
        late &= ~named[order]
    compared = np.ones(len(order), np.bool_)
    compared[order[late]] = False
    rows = np.flatnonzero(compared)
    followers, first_of = order[late], start[late]
    compared_row = np.full(len(order), -1, np.int64)
    compared_row[rows] = np.arange(len(rows))
    first, second = compared_row[order[first_of]], compared_row[order[first_of + 1]] if len(first_of) else first_of
    several = bounds[:-1][sizes > 1]
    several = several[tells_apart(records.columns, order[several])]
    equal = compared_row[order[several]], compared_row[order[several + 1]] if len(several) else several
    records.columns.leave_uncounted(followers[tells_apart(records.columns, followers)])
    return Distinct(records, rows, followers, first, second, equal)


def tells_apart(columns: Columns, rows: Rows) -> Mask:
    """Return which rows have a name and something more that hardly two people share."""

    def any_of(attributes: tuple[str, ...]) -> Mask:
        return np.asarray(sum((columns[name].codes[rows] >= 0).any(axis=1) for name in attributes) > np.int64(0))

    return any_of(_NAMES) & (any_of(_TELLING) | (any_of(_BIRTH) & any_of(_PLACE)))


def _signature(records: Records) -> Rows:
    signature = np.zeros(records.columns.size, np.int64)
    for name, column in records.columns.base.items():
        for slot in range(column.codes.shape[1] if len(column.values) and name not in _FOLLOWING else 0):
            signature = mixed(signature, column.codes[:, slot].astype(np.int64))
    return signature if records.sources is None else mixed(signature, records.sources.astype(np.int64))


def _subset(records: Records, rows: Rows) -> Records:
    """Return some rows with the frequencies of all."""
    columns = records.columns
    if len(rows) == columns.size:
        return records
    base = {name: Column(column.values, column.codes[rows]) for name, column in columns.base.items()}
    kept = Columns(len(rows), base, population=columns.population)
    kept.take_over(columns, rows)
    sources = None if records.sources is None else records.sources[rows]
    return Records([records.ids[row] for row in rows.tolist()], kept, sources, records.left_out)

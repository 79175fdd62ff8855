"""Repeats owns rows that say exactly the same: two of them are compared, the others follow."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from services.matching.engine.arrays import Rows, mixed, run_starts
from services.matching.engine.columns import Column, Columns
from services.matching.engine.records import Records

_COMPARED = 2
_FOLLOWING = frozenset({"line", "email_local"})
"""Attributes that are equal where others are."""


@dataclass(slots=True)
class Distinct:
    """The rows that are compared, and for each further row the two compared ones it equals."""

    records: Records
    rows: Rows
    """Input row of each compared row."""

    followers: Rows
    """Input rows that are not compared."""

    first: Rows
    second: Rows
    """Compared rows that each follower equals."""


def distinct(records: Records, judged: Collection[str] = ()) -> Distinct:
    """Set aside the rows of which two equal ones were seen already; those that a judgement names are compared."""
    signature = _signature(records)
    named = np.fromiter((record_id in judged for record_id in records.ids), np.bool_) if judged else None
    rows = np.arange(len(signature)) if named is None else np.argsort(named, kind="stable")
    order = rows[np.argsort(signature[rows], kind="stable")]
    bounds = run_starts(signature[order])
    start = np.repeat(bounds[:-1], np.diff(bounds))
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
    return Distinct(_subset(records, rows), rows, followers, first, second)


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
    return Records([records.ids[row] for row in rows.tolist()], kept, sources)

"""Blocking owns which pairs of rows are compared: keys turned into blocks, blocks into pairs, within a budget."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from services.matching.domain.keys import KEYS, SCAN_KEYS, TELLING, WIDE_KEYS, Key
from services.matching.engine.arrays import Mask, Rows
from services.matching.engine.blocks import Blocks, group, key_values, pairs_in, refine
from services.matching.engine.candidates import Candidates, Excluded, KeyReport
from services.matching.engine.columns import Columns
from services.matching.engine.crew import Crew
from services.matching.engine.memory import Shares

EVERYONE = "everyone"
"""The kind reported when a file is so small that each record meets each other one."""

_EVERYONE_PAIRS = 2_000_000
_WIDE_RECORDS = 50_000
_WIDE_PAIRS = 200_000
_LARGEST_BLOCK = 3_000
_MOST_NAMED = 20
_PAIRS_AT_ONCE = 250_000
_FINDING = 0.8
"""The part of the stage that finding the pairs takes; the rest is putting them together."""


def candidates(columns: Columns, budget: int, excluded: Excluded, shares: Shares, crew: Crew) -> Candidates:
    """Return the pairs that share a key and are not excluded, with at most about `budget` pairs a key."""
    found = Candidates(columns.size, shares.candidates)
    if columns.size * (columns.size - 1) // 2 <= min(_EVERYONE_PAIRS, budget):
        found.keys = [KeyReport(EVERYONE)]
        found.add(0, *np.triu_indices(columns.size, k=1))
    else:
        _find(columns, budget, found, crew)
    merge = partial(found.merge, excluded=excluded, share=shares.candidates)
    counts = np.sum([*crew.each("block", merge, found.parts, (_FINDING, 1.0))], axis=0)
    for number, report in enumerate(found.keys):
        report.pairs, report.only_here = (int(count) for count in counts[:, number])
    return found


def _find(columns: Columns, budget: int, found: Candidates, crew: Crew) -> None:
    """Add the pairs of every key, a key a thread."""
    keys = (*KEYS, *(() if _are_told_apart(columns) else SCAN_KEYS))
    usual = len(keys)
    keys = (*keys, *(WIDE_KEYS if columns.size <= _WIDE_RECORDS else ()))
    found.keys = [KeyReport(key.kind) for key in keys]

    def expand(number: int) -> None:
        if not all(map(columns.has, keys[number].parts)):
            return
        affordable = budget if number < usual else min(budget, _WIDE_PAIRS)
        for blocks in _blocks_of(columns, keys[number], affordable, found.keys[number]):
            for batch in blocks.batches(_PAIRS_AT_ONCE):
                found.add(number, *pairs_in(batch))
                crew.watch.check("block")

    for _ in crew.each("block", expand, range(len(keys)), (0.0, _FINDING)):
        pass


def _are_told_apart(columns: Columns) -> bool:
    """Return whether at least half of the records have an e-mail, a phone or an identifier."""
    told = np.zeros(columns.size, np.bool_)
    for attribute in TELLING:
        told |= (columns[attribute].codes >= 0).any(axis=1)
    return bool(told.mean() >= 0.5)


def _blocks_of(columns: Columns, key: Key, budget: int, report: KeyReport) -> Iterator[Blocks]:
    """Yield the blocks of a key that fit the budget; those that do not are refined part by part."""
    blocks, values = group(*key_values(columns, key))
    for refinement in (*key.refined_by, None):
        fits = _fitting(blocks, budget)
        yield blocks.select(fits)
        if fits.all():
            return
        report.too_large(blocks.sizes[~fits], refinement)
        report.shared = report.shared or _most_shared(columns, key, blocks.select(~fits))
        if refinement is None:
            return
        blocks, values = refine(columns, blocks.select(~fits), values[~fits], refinement)


def _most_shared(columns: Columns, key: Key, blocks: Blocks) -> list[tuple[str, int]]:
    """Return the values of the largest blocks, with the records of each."""
    sizes = blocks.sizes
    largest = np.argsort(-sizes, kind="stable")[:_MOST_NAMED].tolist()
    members = [blocks.rows[blocks.bounds[number] : blocks.bounds[number + 1]] for number in largest]
    return [(_value(columns, key, rows), len(rows)) for rows in members]


def _value(columns: Columns, key: Key, rows: Rows) -> str:
    """Return the key that the records of one block share."""
    parts = []
    for part in key.parts:
        column = columns[part]
        codes = column.codes[rows[:2]].tolist()
        shared = [code for code in codes[0] if code >= 0 and code in codes[1]]
        parts.append(str(column.values[(shared or codes[0])[0]]))
    return ", ".join(parts)


def _fitting(blocks: Blocks, budget: int) -> Mask:
    """Return which blocks to expand: the smallest first, until the budget is spent."""
    sizes = blocks.sizes
    order = np.sort(sizes)
    spent = np.cumsum(order * (order - 1) // 2)
    affordable = int(np.searchsorted(spent, budget, side="right"))
    largest = int(order[affordable]) - 1 if affordable < len(order) else _LARGEST_BLOCK
    fits: Mask = sizes <= min(largest, _LARGEST_BLOCK)
    return fits

"""Ladder owns the base line: e-mail equal, else phone equal, else names at least 70 alike, closed transitively."""

import numpy as np
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from services.matching.engine.components import components

_NAME_ALIKE = 70
_MOST_NAMES = 20_000
_AT_ONCE = 500


def ladder_groups(table: dict[str, list[str]]) -> list[int]:
    """Return a group for each record; beyond 20,000 records names are compared only where the first letters agree."""
    size = len(table["id"])
    names = [_name(table, row) for row in range(size)]
    links = [*_equal(table.get("email", [])), *_equal(table.get("phone", []), digits=True), *_alike(names)]
    pairs = np.array(links, np.int64).reshape(-1, 2)
    return [int(group) for group in components(size, pairs[:, 0], pairs[:, 1])]


def _name(table: dict[str, list[str]], row: int) -> str:
    parts = [table[field][row] for field in ("name", "given_name", "family_name") if field in table]
    return " ".join(" ".join(parts).lower().split())


def _equal(values: list[str], digits: bool = False) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    links = []
    for row, value in enumerate(values):
        key = "".join(filter(str.isdigit, value)) if digits else value.strip().lower()
        if key:
            links.append((first.setdefault(key, row), row))
    return links


def _alike(names: list[str]) -> list[tuple[int, int]]:
    blocks: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name:
            blocks.setdefault(name[:3] if len(names) > _MOST_NAMES else "", []).append(row)
    return [link for rows in blocks.values() for link in _alike_inside(rows, names)]


def _alike_inside(rows: list[int], names: list[str]) -> list[tuple[int, int]]:
    distinct = list(dict.fromkeys(names[row] for row in rows))
    place = {name: number for number, name in enumerate(distinct)}
    first = {name: row for row, name in reversed([(row, names[row]) for row in rows])}
    links = [(first[names[row]], row) for row in rows]
    for begin in range(0, len(distinct), _AT_ONCE):
        part = distinct[begin : begin + _AT_ONCE]
        scores = cdist(part, distinct, scorer=ratio, score_cutoff=_NAME_ALIKE, dtype=np.uint8, workers=-1)
        for one, other in zip(*(ends.tolist() for ends in np.nonzero(scores)), strict=True):
            if place[part[one]] < other:
                links.append((first[part[one]], first[distinct[other]]))
    return links

"""Further headings owns which columns beyond those of a customer may be evidence, and why each of the others is not."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.cli.heading_words import NO_EVIDENCE
from services.cli.headings import AGE, Source, is_known, key_of
from services.identity.text import fold
from services.matching.engine.further_columns import PREFIX

MOST_FURTHER = 16
"""Columns beyond those of a customer that are looked at: the first ones."""

IGNORED = "ignored, as asked"
NO_FIELD = "no field of a customer"
TOLD_OTHERWISE = "of a field that other columns give"


@dataclass(slots=True)
class Further:
    """The columns that nothing is known of but that they may say who someone is, by attribute."""

    columns: dict[str, Source] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    """Why others are not among them, by their place in the header."""


def further(header: Sequence[str], used: Collection[str], ignored: Collection[str] = ()) -> Further:
    """Divide the columns that are neither `used` otherwise nor `ignored`."""
    found, seen = Further(), set[str]()
    for place, name in enumerate(header):
        attribute, twin = PREFIX + attribute_name(name), name in seen
        seen.add(name)
        if name in used and not twin:
            continue
        reason = IGNORED if name in ignored else "" if twin and name else _unfit(name)
        if not reason and (twin or attribute in found.columns):
            reason = "an earlier column has its heading"
        elif not reason and len(found.columns) == MOST_FURTHER:
            reason = f"beyond the first {MOST_FURTHER} further columns"
        if reason:
            found.left_out[place] = reason
        else:
            found.columns[attribute] = Source((name,))
    return found


def unused(header: Sequence[str], used: Collection[str], ignored: Collection[str] = ()) -> Further:
    """Return nothing but why the columns that are not `used` are left out, where no further one is wanted."""
    found, seen = Further(), set[str]()
    for place, name in enumerate(header):
        if name not in used or name in seen:
            told = TOLD_OTHERWISE if is_known(key_of(name)) else NO_FIELD
            found.left_out[place] = IGNORED if name in ignored else told
        seen.add(name)
    return found


def by_heading(header: Sequence[str], found: Further) -> Mapping[str, str]:
    """Return why columns are left out, by heading; by its place too where that is empty or another column's."""
    told: dict[str, str] = {}
    times = Counter(header)
    for place, reason in found.left_out.items():
        name = header[place]
        if not name or times[name] > 1 or PREFIX + name in found.columns:
            name = f"{name or 'no heading'} (column {place + 1})"
        told[name] = reason
    return told


def attribute_name(name: str) -> str:
    """Return a heading as the name of an attribute: letters of any script, with what marks them, and digits."""
    folded = fold(name)
    if folded.isascii():
        return key_of(name)
    kept = (one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in folded)
    return "_".join("".join(kept).split())


def _unfit(name: str) -> str:
    key = key_of(name)
    if not name:
        return "it has no heading"
    if not any(map(str.isalnum, attribute_name(name))):
        return "its heading has no letter or digit"
    if key == AGE or is_known(key):
        return TOLD_OTHERWISE
    if not NO_EVIDENCE.isdisjoint(key.split("_")):
        return "named like a row number, a group or a note"
    return ""

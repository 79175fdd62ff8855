"""Headings owns which columns of a file make each field of a customer, by the names that others give them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from services.cli.heading_words import (
    DATES,
    JOINED,
    NAMES,
    PREFIXES,
    QUALIFIERS,
    SYNONYMS,
    TAILS,
    TOLD,
    WEAK,
    YEARS,
)
from services.identity.text import fold

AGE = "age"
"""Between the columns of an age, and of the year in which it was told where there is one."""

_TOLD = "2000"
"""The year of all ages where none is known: only their differences matter."""

_FEWEST_JOINED = 2
_SEVERAL = frozenset({"email", "phone"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WHOLE_AGE, _WHOLE_YEAR = re.compile("[0-9]{1,2}|1[0-2][0-9]"), re.compile("[12][0-9]{3}")
_BETWEEN = re.compile(r"[^a-z0-9]+")

_KNOWN = frozenset(
    chain(SYNONYMS, chain.from_iterable(SYNONYMS.values()), *DATES, YEARS, TOLD, *chain.from_iterable(JOINED.values()))
)

Sql = Callable[[str], str]
"""Returns a column as SQL."""


@dataclass(frozen=True, slots=True)
class Source:
    """The columns of one field; several are joined by `between`: '-' for a date, AGE for age and year told."""

    columns: tuple[str, ...]
    between: str = ""

    def sql(self, column: Sql) -> str:
        """Return the field as SQL: the column itself, or what several are together."""
        if self.between == AGE:
            return _born_sql(*map(column, self.columns))
        if len(self.columns) == 1:
            return column(self.columns[0])
        known = [f"nullif(trim({column(name)}), '')" for name in self.columns]
        if self.between == "-":
            return f"coalesce({' || chr(45) || '.join(known)}, {known[0]})"
        return f"concat_ws('{self.between}', {', '.join(known)})"

    def values(self, columns: Sequence[Sequence[str]]) -> Sequence[str]:
        """Return the field of each row from its columns."""
        if self.between == AGE:
            return [_born(*row) for row in zip(*columns, strict=True)]
        if len(columns) == 1:
            return columns[0]
        rows = ([value.strip(" ") for value in row] for row in zip(*columns, strict=True))
        if self.between == "-":
            return ["-".join(row) if all(row) else row[0] for row in rows]
        return [self.between.join(filter(None, row)) for row in rows]


def _born(age: str, told: str = _TOLD) -> str:
    """Return the year of birth of an age."""
    known = _WHOLE_AGE.fullmatch(age) and _WHOLE_YEAR.fullmatch(told)
    return str(int(told) - int(age)) if known else ""


def _born_sql(age: str, told: str = f"'{_TOLD}'") -> str:
    known = f"regexp_full_match({age}, '{_WHOLE_AGE.pattern}') AND regexp_full_match({told}, '{_WHOLE_YEAR.pattern}')"
    return f"CASE WHEN {known} THEN cast(cast({told} AS integer) - cast({age} AS integer) AS varchar) END"


def recognised(header: Sequence[str], taken: Mapping[str, str], ages: bool = True) -> dict[str, Source]:
    """Return the columns of each field beyond those `taken`, which have our names already or are mapped.

    With `ages` an age makes a year of birth, which is good enough to compare by.
    """
    used = set(taken.values())
    free = {key_of(name): name for name in reversed(header) if name not in used}
    found: dict[str, Source] = {}
    if "birth_date" not in taken and free.keys().isdisjoint(("birth_date", *SYNONYMS["birth_date"])):
        _put_first(found, "birth_date", DATES, free, "-")
        _put_first(found, "birth_date", [(year,) for year in YEARS], free, "")
        if ages:
            _put_first(found, "birth_date", [*((AGE, year) for year in TOLD), (AGE,)], free, AGE)
    for field, groups in JOINED.items():
        if field not in taken:
            _put_first(found, field, [group for group in groups if free.keys() >= {*group[:_FEWEST_JOINED]}], free, " ")
    for field, words in SYNONYMS.items():
        columns = _columns((field, *words), WEAK.get(field, ()), free)
        if field in _SEVERAL:
            columns += [
                name for key, name in reversed(free.items()) if name not in columns and _is_one_of((field, *words), key)
            ]
        if field not in taken and field not in found and columns and not _is_told(field, {*taken, *found}):
            found[field] = Source(tuple(columns), "|") if field in _SEVERAL else Source((columns[0],))
            for column in found[field].columns:
                free.pop(key_of(column), None)
    return found


def other_part(fields: dict[str, Source], found: Mapping[str, Source]) -> dict[str, Source]:
    """Return the fields, where a name beside one part of it, found by its heading, is the other part.

    'Vorname' and 'Name', 'Prénom' and 'Nom', 'Name' and 'Surname'.
    """
    parts = {"given_name", "family_name"} & fields.keys()
    if len(parts) != 1 or not parts <= found.keys() or "name" not in fields:
        return fields
    if key_of(fields["name"].columns[0]) not in NAMES:
        return fields
    (other,) = {"given_name", "family_name"} - parts
    return {(other if field == "name" else field): source for field, source in fields.items()}


def is_known(key: str) -> bool:
    """Return whether a column is of a field, which another column was taken for."""
    begin, _, rest = key.partition("_")
    several = any(_is_one_of((field, *SYNONYMS[field]), key) for field in _SEVERAL)
    return key in _KNOWN or (begin in PREFIXES and rest in _KNOWN) or several


def _put_first(
    found: dict[str, Source], field: str, groups: Sequence[tuple[str, ...]], free: dict[str, str], between: str
) -> None:
    """Take the first group of columns of which all, or all but a last one, are there."""
    for group in groups:
        there = [name for name in group if name in free]
        if field not in found and len(there) >= min(len(group), _FEWEST_JOINED if between == " " else len(group)):
            found[field] = Source(tuple(free.pop(name) for name in there), between)


def _columns(words: Sequence[str], weak: Sequence[str], free: Mapping[str, str]) -> list[str]:
    """Return the columns under these names, plain ones before those with something before, weak ones last."""
    plain = [free[word] for word in words if word in free]
    prefixed = (f"{prefix}_{word}" for prefix in PREFIXES for word in words)
    return plain or [free[name] for name in prefixed if name in free] or [free[word] for word in weak if word in free]


def _is_one_of(words: Sequence[str], key: str) -> bool:
    """Return whether a heading is one of these words with what tells several columns of it apart around it."""
    parts = key.split("_")
    for end in (0, -1):
        while len(parts) > 1 and parts[end] in QUALIFIERS:
            del parts[end]
            if "_".join(parts) in words:
                return True
    return False


def _is_told(field: str, known: set[str]) -> bool:
    """Return whether other fields say it already: a whole name beside its parts, a street beside its address."""
    return (field == "name" and {"given_name", "family_name"} <= known) or (
        field in ("street", "address") and bool({"street", "address"} & known)
    )


def key_of(name: str) -> str:
    """Return a heading for comparing: 'First Name', 'firstName' and 'FIRST_NAME_TXT' alike."""
    key = _BETWEEN.sub("_", fold(_CAMEL.sub("_", name.strip()))).strip("_")
    begin, _, last = key.rpartition("_")
    return begin if begin and last in TAILS else key

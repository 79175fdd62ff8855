"""Dedupe input owns which columns of a file are used, and saying where a bad file is bad."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.cli.failures import BadInputFailure
from services.cli.table_files import RawTable, read_table
from services.matching.engine.records import FIELDS

_ALIASES = {"identifier": "external_id"}
_IDENTIFYING = frozenset(FIELDS) - {"title", "suffix", "region", "country"}


@dataclass(slots=True)
class Customers:
    """The columns of a file that say who someone is, as text; '' is missing."""

    ids: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    sources: Sequence[str] | None


def read_customers(path: Path, mapping: Mapping[str, str], source: str | None = None) -> Customers:
    """Read the file, or raise BadInputFailure that names line and column."""
    table = read_table(path)
    ours = _our_names(path, table.header, mapping)
    if "id" not in ours:
        raise BadInputFailure(f"{path}: line 1: no column 'id'; name yours with --map THEIRS=id")
    used = {field: ours[field] for field in FIELDS if field in ours}
    if _IDENTIFYING.isdisjoint(used):
        raise BadInputFailure(
            f"{path}: line 1: no usable column among {', '.join(table.header)}; expected some of {', '.join(FIELDS)}"
        )
    if source is not None and source not in table.header:
        raise BadInputFailure(f"{path}: line 1: no column '{source}' for --source")
    ids = [record_id.strip() for record_id in table.column(ours["id"])]
    _check_ids(table, ours["id"], ids)
    fields = {field: table.column(theirs) for field, theirs in used.items()}
    return Customers(ids, fields, None if source is None else table.column(source))


def _our_names(path: Path, header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the file's column for each of ours."""
    for theirs, wanted in mapping.items():
        if theirs not in header:
            raise BadInputFailure(f"{path}: line 1: no column '{theirs}' for --map {theirs}={wanted}")
        if wanted not in ("id", *FIELDS, *_ALIASES):
            raise BadInputFailure(f"--map {theirs}={wanted}: expected id or one of {', '.join(FIELDS)}")
    ours: dict[str, str] = {}
    for theirs in header:
        name = mapping.get(theirs, "" if theirs in mapping else theirs.strip().lower())
        name = _ALIASES.get(name, name)
        if name in ours and name in ("id", *FIELDS):
            mapped = theirs in mapping
            if mapped == (ours[name] in mapping):
                raise BadInputFailure(f"{path}: line 1: column '{name}' stands twice")
            if not mapped:
                continue
        ours[name] = theirs
    return ours


def _check_ids(table: RawTable, column: str, ids: Sequence[str]) -> None:
    if len(set(ids)) == len(ids) and "" not in ids:
        return
    first_row: dict[str, int] = {}
    for row, record_id in enumerate(ids):
        if not record_id:
            raise BadInputFailure(f"{table.place(row, column)}: the id is empty")
        if record_id in first_row:
            earlier = table.line(first_row[record_id])
            raise BadInputFailure(
                f"{table.place(row, column)}: the id '{record_id[:80]}' stands twice, first in line {earlier}"
            )
        first_row[record_id] = row

"""Dedupe input owns which columns of a file are used, and saying where a bad file is bad."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.cli.failures import BadInputFailure
from services.cli.headings import Source, further, recognised
from services.cli.plain_files import layout_of
from services.cli.table_files import RawTable, read_table
from services.matching.engine.record_files import NOTHING, SOURCE, UnreadableFile
from services.matching.engine.records import FIELDS, Records, records_from_table

_ALIASES = {"identifier": "external_id"}
_IDENTIFYING = frozenset(FIELDS) - {"title", "suffix", "region", "country"}


@dataclass(slots=True)
class Customers:
    """The columns of a file that say who someone is, as text; '' is missing."""

    ids: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    """By field of a customer, and by attribute for columns of which no more is known."""

    sources: Sequence[str] | None


def read_customers(
    path: Path, mapping: Mapping[str, str], source: str | None = None, *, ages: bool = True, encoding: str = ""
) -> Customers:
    """Read the file, or raise BadInputFailure that names line and column.

    To compare by, `ages` are taken for years of birth, and further columns are kept.
    The encoding is that of a CSV file; "" is UTF-8, or UTF-16 where a byte order mark says so.
    """
    table = read_table(path, encoding)
    chosen = _chosen(path, table.header, mapping, source, ages)
    (id_column,) = chosen["id"].columns
    ids = [record_id.strip() for record_id in table.column(id_column)]
    _check_ids(table, id_column, ids)
    used = {field: columns for field, columns in chosen.items() if field not in ("id", SOURCE)}
    told = {name: _told(table.column(name)) for columns in used.values() for name in columns.columns}
    fields = {field: columns.values([told[name] for name in columns.columns]) for field, columns in used.items()}
    return Customers(ids, fields, None if source is None else table.column(source))


def read_records(
    path: Path, mapping: Mapping[str, str], source: str | None, region: str, encoding: str = ""
) -> Records:
    """Read and encode the file, the quick way where it is written plainly, or raise BadInputFailure."""
    layout = layout_of(path, encoding)
    if layout is not None:
        chosen = _chosen(path, layout.header, mapping, source)
        with suppress(UnreadableFile):  # what is wrong, and where, is found by reading row by row
            return layout.records(chosen, region)
    customers = read_customers(path, mapping, source, encoding=encoding)
    return records_from_table(customers.ids, customers.fields, region, customers.sources)


def _chosen(
    path: Path, header: Sequence[str], mapping: Mapping[str, str], source: str | None, ages: bool = True
) -> dict[str, Source]:
    """Return the file's columns for the id, each field of a customer and the source."""
    named = _our_names(path, header, mapping)
    given = {field: column for field, column in named.items() if field in ("id", *FIELDS)}
    unused = [column for column in header if column not in mapping and column != source]
    ours = {**recognised(unused, given, ages), **{field: Source((column,)) for field, column in given.items()}}
    if "id" not in ours:
        raise BadInputFailure(f"{path}: line 1: no column 'id'; name yours with --map THEIRS=id")
    used = {field: ours[field] for field in ("id", *FIELDS) if field in ours}
    if _IDENTIFYING.isdisjoint(used):
        raise BadInputFailure(
            f"{path}: line 1: no usable column among {', '.join(header)}; expected some of {', '.join(FIELDS)}"
        )
    if "street" not in used and not {"city", "postal_code"}.isdisjoint(used) and "address" in used:
        used["street"] = used.pop("address")  # what stands beside a column of places is no whole address
    if source is not None and source not in header:
        raise BadInputFailure(f"{path}: line 1: no column '{source}' for --source")
    if source is not None:
        used[SOURCE] = Source((source,))
    taken = {*mapping, *(name for columns in used.values() for name in columns.columns)}
    return used | further(header, taken) if ages else used


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


def _told(values: Sequence[str]) -> Sequence[str]:
    """Return a column with '' for what stands in place of a value."""
    return values if NOTHING.isdisjoint(values) else ["" if value in NOTHING else value for value in values]


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

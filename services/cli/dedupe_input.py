"""Dedupe input owns reading a file of customers, to keep or to compare them, and saying where it is bad."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.chosen_columns import Chosen, chosen_columns
from services.cli.failures import BadInputFailure
from services.cli.plain_files import layout_of
from services.cli.table_files import RawTable, read_table
from services.matching.engine.further_columns import PREFIX
from services.matching.engine.record_files import NOTHING, SOURCE, UnreadableFile
from services.matching.engine.records import Records, records_from_table


@dataclass(slots=True)
class Customers:
    """The columns of a file that say who someone is, as text; '' is missing."""

    ids: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    """By field of a customer, and by attribute for columns of which no more is known."""

    sources: Sequence[str] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why each column that is not used is left out, by its heading."""


def read_customers(
    path: Path, mapping: Mapping[str, str], *, ignored: Collection[str] = (), encoding: str = ""
) -> Customers:
    """Read the fields of customers as the file tells them, to keep them, or raise BadInputFailure with line and column.

    The encoding is that of a CSV file; "" is UTF-8. A byte order mark goes before it.
    """
    table = read_table(path, encoding)
    return _customers(table, chosen_columns(path, table.header, mapping, None, ignored, evidence=False), None)


def read_evidence(
    path: Path,
    mapping: Mapping[str, str],
    source: str | None = None,
    *,
    ignored: Collection[str] = (),
    encoding: str = "",
) -> Customers:
    """Read what customers are compared by: also an age, as a year of birth, and further columns; raises as above."""
    table = read_table(path, encoding)
    return _customers(table, chosen_columns(path, table.header, mapping, source, ignored, evidence=True), source)


def read_records(
    path: Path,
    mapping: Mapping[str, str],
    source: str | None,
    region: str,
    encoding: str = "",
    *,
    ignored: Collection[str] = (),
) -> Records:
    """Read the evidence and encode it, the quick way where the file is written plainly; raises as above."""
    layout = layout_of(path, encoding)
    if layout is not None:
        chosen = chosen_columns(path, layout.header, mapping, source, ignored, evidence=True)
        with suppress(UnreadableFile):  # what is wrong, and where, is found by reading row by row
            return _told_of(layout.records(chosen.used, region), chosen.left_out)
    customers = read_evidence(path, mapping, source, ignored=ignored, encoding=encoding)
    records = records_from_table(customers.ids, customers.fields, region, customers.sources)
    return _told_of(records, customers.left_out)


def _customers(table: RawTable, chosen: Chosen, source: str | None) -> Customers:
    (id_column,) = chosen.used["id"].columns
    ids = [record_id.strip() for record_id in table.column(id_column)]
    _check_ids(table, id_column, ids)
    used = {name: columns for name, columns in chosen.used.items() if name not in ("id", SOURCE)}
    told = {name: _told(table.column(name)) for columns in used.values() for name in columns.columns}
    fields = {name: columns.values([told[one] for one in columns.columns]) for name, columns in used.items()}
    return Customers(ids, fields, None if source is None else table.column(source), chosen.left_out)


def _told_of(records: Records, left_out: Mapping[str, str]) -> Records:
    """Return the records, which tell of columns that were left out before they were looked at, too."""
    records.left_out = {**{PREFIX + heading: why for heading, why in left_out.items()}, **records.left_out}
    return records


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

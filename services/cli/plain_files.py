"""Plain files owns telling, by a glance at it, whether the engine may read a file itself, and in which columns."""

import csv
import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.cli.headings import Source
from services.cli.table_files import delimiter_of, is_parquet, is_utf16, opened, refuse_unreadable
from services.matching.engine.parquet import UnreadableParquet, parquet_header
from services.matching.engine.record_files import csv_column, parquet_column, records_from_csv, records_from_parquet
from services.matching.engine.records import Records


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file; `delimiter` is '' in Parquet."""

    path: Path
    header: list[str]
    delimiter: str

    def records(self, chosen: Mapping[str, Source], region: str) -> Records:
        """Encode the chosen columns; raises UnreadableFile when the file is not so plain after all."""
        if not self.delimiter:
            return records_from_parquet(self.path, _written(chosen, parquet_column), region)
        fields = _written(chosen, lambda name: csv_column(self.header.index(name)))
        return records_from_csv(self.path, self.delimiter, len(self.header), fields, region)


def _written(chosen: Mapping[str, Source], column: Callable[[str], str]) -> dict[str, str]:
    """Return each field as SQL over the columns of the file."""
    return {field: source.sql(column) for field, source in chosen.items()}


def layout_of(path: Path) -> Layout | None:
    """Return the layout of a file that may be plain, nothing of one that is not; refuses what is no file."""
    refuse_unreadable(path)
    return _parquet_layout(path) if is_parquet(path) else _csv_layout(path)


def _parquet_layout(path: Path) -> Layout | None:
    try:
        return Layout(path, parquet_header(path), "")
    except UnreadableParquet:
        return None


def _csv_layout(path: Path) -> Layout | None:
    """Two readers agree on UTF-8 but where a first line is blank, a column stands alone, or quotes have neighbours."""
    if is_utf16(path):
        return None
    try:
        with opened(path) as file:
            delimiter = delimiter_of(file)
            header = next(csv.reader(file, delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error):
        return None
    if len(header) < 2 or _odd_quotes(path, delimiter):
        return None
    return Layout(path, [name.strip() for name in header], delimiter)


def _odd_quotes(path: Path, delimiter: str) -> bool:
    """Whether a space stands before or behind a quote where a value begins or ends."""
    signs = (f'{delimiter} "', '\n "', f'" {delimiter}', '" "')
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(sign.encode()) >= 0 for sign in signs)

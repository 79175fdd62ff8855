"""Plain files owns telling, by a glance at it, whether the engine may read a file itself, and in which columns."""

import csv
import mmap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

from services.cli.file_kinds import UTF_8, encoding_of, is_parquet, refuse_unreadable
from services.cli.headings import Source
from services.cli.table_files import delimiter_of
from services.matching.engine.parquet import UnreadableParquet, parquet_texts
from services.matching.engine.record_files import (
    UnreadableFile,
    csv_column,
    records_from_csv,
    records_from_parquet,
)
from services.matching.engine.records import Records

_COPIED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file; those of Parquet come as SQL of their text, and have no `delimiter`."""

    path: Path
    header: list[str]
    delimiter: str = ""
    encoding: str = UTF_8
    texts: Mapping[str, str] = field(default_factory=dict)

    def records(self, chosen: Mapping[str, Source], region: str) -> Records:
        """Encode the chosen columns; raises UnreadableFile when the file is not so plain after all."""
        if not self.delimiter:
            return records_from_parquet(self.path, _written(chosen, self.texts.__getitem__), region)
        fields = _written(chosen, lambda name: csv_column(self.header.index(name)))
        with _as_utf8(self.path, self.encoding) as path:
            if _odd_quotes(path, self.delimiter):
                raise UnreadableFile("a quote has spaces beside it")
            return records_from_csv(path, self.delimiter, len(self.header), fields, region)


def _written(chosen: Mapping[str, Source], column: Callable[[str], str]) -> dict[str, str]:
    """Return each field as SQL over the columns of the file."""
    return {field: source.sql(column) for field, source in chosen.items()}


def layout_of(path: Path, encoding: str = "") -> Layout | None:
    """Return the layout of a file that may be plain, nothing of one that is not; refuses what is no file."""
    refuse_unreadable(path, encoding)
    return _parquet_layout(path) if is_parquet(path) else _csv_layout(path, encoding_of(path, encoding))


def _parquet_layout(path: Path) -> Layout | None:
    try:
        texts = parquet_texts(path)
    except UnreadableParquet:
        return None
    return Layout(path, list(texts), texts=texts)


def _csv_layout(path: Path, encoding: str) -> Layout | None:
    """Two readers agree on UTF-8 but where a first line is blank, a column stands alone, quotes have neighbours,

    or a heading has a line end in it, which hides all rows when theirs are of another kind.
    """
    try:
        with path.open(encoding=encoding, newline="") as file:
            delimiter = delimiter_of(file)
            header = next(csv.reader(file, delimiter=delimiter), [])
    except (UnicodeError, csv.Error):
        return None
    if len(header) < 2 or any("\n" in name or "\r" in name for name in header):
        return None
    return Layout(path, [name.strip() for name in header], delimiter, encoding)


@contextmanager
def _as_utf8(path: Path, encoding: str) -> Iterator[Path]:
    """Give a file in UTF-8: this one, or a copy that is gone afterwards; raises UnreadableFile."""
    if encoding == UTF_8:
        yield path
        return
    with TemporaryDirectory(prefix="patronage-") as folder:
        copy = Path(folder) / "copy.csv"
        try:
            with (
                path.open(encoding=encoding, newline="") as source,
                copy.open("w", encoding="utf-8", newline="") as out,
            ):
                copyfileobj(source, out, _COPIED_AT_ONCE)
        except UnicodeError as failure:
            raise UnreadableFile(str(failure)) from failure
        yield copy


def _odd_quotes(path: Path, delimiter: str) -> bool:
    """Whether a space stands before or behind a quote where a value begins or ends."""
    signs = (f'{delimiter} "', '\n "', f'" {delimiter}', '" "')
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(sign.encode()) >= 0 for sign in signs)

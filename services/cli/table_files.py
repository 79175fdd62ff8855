"""Table files owns reading CSV and Parquet as columns of text, and naming the line of what is wrong."""

import csv
import io
import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from services.cli.failures import BadInputFailure
from services.matching.engine.parquet import UnreadableParquet, read_parquet

UTF_8 = "utf-8-sig"
"""UTF-8, with a byte order mark or without."""

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_LONGEST_FIELD = 64 << 20
_PARQUET = frozenset({".parquet", ".pq"})


@dataclass(slots=True)
class RawTable:
    """A file's columns in the order of its rows."""

    path: Path
    header: list[str]
    columns: Sequence[Sequence[str]]
    encoding: str = ""

    def column(self, name: str) -> Sequence[str]:
        """Return the values of one column."""
        return self.columns[self.header.index(name)] if self.columns else []

    def line(self, row: int) -> int:
        """Return the line at which a row begins (for Parquet, its number with the first row in line 2)."""
        if is_parquet(self.path):
            return row + 2
        with opened(self.path, self.encoding) as file:
            reader = csv.reader(file, delimiter=delimiter_of(file))
            kept = 0
            before = 0
            for fields in reader:
                if fields:
                    kept += 1
                if kept == row + 2:
                    return before + 1
                before = reader.line_num
        return row + 2

    def place(self, row: int, column: str) -> str:
        """Return file, line and column of a value, to begin a message with."""
        return f"{self.path}: line {self.line(row)}, column '{column}'"


def read_table(path: Path, encoding: str = "") -> RawTable:
    """Read a file by its ending; see `opened` for the encoding."""
    refuse_unreadable(path)
    return _read_parquet(path) if is_parquet(path) else _read_csv(path, encoding)


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its ending."""
    return path.suffix.lower() in _PARQUET


def refuse_unreadable(path: Path) -> None:
    """Refuse what is no file, or may not be read."""
    if not path.is_file():
        raise BadInputFailure(f"{path}: not a file" if path.exists() else f"{path}: no such file")
    if not os.access(path, os.R_OK):
        raise BadInputFailure(f"{path}: not readable: permission denied")


def _read_parquet(path: Path) -> RawTable:
    try:
        header, columns = read_parquet(path)
    except UnreadableParquet as failure:
        raise BadInputFailure(f"{path}: {failure}") from failure
    return RawTable(path, header, columns)


def _read_csv(path: Path, encoding: str) -> RawTable:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with opened(path, encoding) as file:
            rows = [fields for fields in csv.reader(file, delimiter=delimiter_of(file)) if fields]
    except UnicodeError as failure:
        raise BadInputFailure(_undecodable(path, encoding)) from failure
    except csv.Error as failure:
        raise BadInputFailure(f"{path}: not readable as CSV: {failure}") from failure
    if not rows:
        raise BadInputFailure(f"{path}: line 1: the file is empty; expected a line of column names")
    header = rows.pop(0)
    table = RawTable(path, [name.strip() for name in header], [], encoding)
    if rows and "\n" in rows[-1][-1]:
        _refuse_open_quote(table, len(rows) - 1, len(rows[-1]))
    _make_rectangular(table, rows)
    table.columns = list(zip(*rows, strict=True)) or [()] * len(header)
    return table


def opened(path: Path, encoding: str = "") -> TextIO:
    """Open a CSV file; "" is UTF-8, or UTF-16 as its byte order mark says, which is no part of it."""
    return path.open(encoding=encoding_of(path, encoding), newline="")


def encoding_of(path: Path, encoding: str = "") -> str:
    """Return how a CSV file is to be decoded."""
    if encoding.replace("-", "") not in ("", "utf8"):
        return encoding
    return "utf-16" if is_utf16(path) else UTF_8


def is_utf16(path: Path) -> bool:
    """Whether a file begins with the byte order mark of UTF-16, as what spreadsheets call Unicode text."""
    with path.open("rb") as file:
        return file.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE)


def delimiter_of(file: TextIO) -> str:
    """Return what separates the columns of the first line, leaving the file at its beginning."""
    first = file.readline()
    file.seek(0)
    return max(_DELIMITERS, key=_QUOTED.sub("", first).count)


def _refuse_open_quote(table: RawTable, last: int, values: int) -> None:
    """Refuse a last row whose quote never closes: it would swallow all rows from there on."""
    begins = table.line(last)
    with opened(table.path, table.encoding) as file:
        lines = csv.reader(islice(file, begins - 1, None), delimiter=delimiter_of(file), strict=True)
        try:
            list(lines)
        except csv.Error as failure:
            if "unexpected end" in str(failure):
                column = table.header[min(values, len(table.header)) - 1]
                raise BadInputFailure(
                    f"{table.path}: line {begins}, column '{column}': a quote opens that never closes"
                ) from failure


def _make_rectangular(table: RawTable, rows: list[list[str]]) -> None:
    """Fill up short rows and cut one empty value behind the last; a row with more than that is refused."""
    width = len(table.header)
    if set(map(len, rows)) <= {width}:
        return
    for number, fields in enumerate(rows):
        if len(fields) == width + 1 and not fields[-1]:
            fields.pop()
        if len(fields) > width:
            place = table.place(number, table.header[-1])
            raise BadInputFailure(f"{place}: {len(fields)} values for {width} columns; is a quote missing?")
        fields.extend([""] * (width - len(fields)))


def _undecodable(path: Path, encoding: str) -> str:
    """Return the message for a file that is not as it is said to be encoded, naming the place of the first bad byte."""
    content, decoder = path.read_bytes(), encoding_of(path, encoding)
    wanted = encoding or ("UTF-8" if decoder == UTF_8 else decoder.upper())
    try:
        content.decode(decoder)
    except UnicodeDecodeError as failure:
        good = content[: failure.start].decode(decoder, "replace")
        line = good.count("\n") + 1
        delimiter = delimiter_of(io.StringIO(good))
        header = next(csv.reader([good.partition("\n")[0]], delimiter=delimiter), [])
        values = next(_last_row(good, delimiter), [""])
        column = header[len(values) - 1].strip() if len(values) <= len(header) and line > 1 else "?"
        hint = "" if wanted != "UTF-8" else "; if the file comes from older software, try --encoding cp1252"
        return f"{path}: line {line}, column '{column}': byte 0x{content[failure.start]:02x} is not {wanted}{hint}"
    except UnicodeError:  # of an encoding that says no place
        pass
    return f"{path}: not {wanted}"


def _last_row(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the values of the line at which the text ends."""
    return islice(csv.reader([text.rpartition("\n")[2]], delimiter=delimiter), 1)

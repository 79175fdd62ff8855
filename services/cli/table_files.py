"""Table files owns reading CSV and Parquet as columns of text, and naming the line of what is wrong."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from services.cli.failures import BadInputFailure
from services.cli.file_kinds import UTF_8, encoding_of, is_parquet, mark_of, refuse_unreadable
from services.matching.engine.parquet import UnreadableParquet, read_parquet

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_LINE_END = re.compile("\r\n|\r|\n")
_LONGEST_FIELD = 64 << 20
_LONGEST_HEADER = 1 << 20


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
    """Read a file by its ending; see `encoding_of` for the encoding."""
    refuse_unreadable(path, encoding)
    return _read_parquet(path) if is_parquet(path) else _read_csv(path, encoding)


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
    """Open a CSV file; see `encoding_of`."""
    return path.open(encoding=encoding_of(path, encoding), newline="")


def delimiter_of(file: TextIO) -> str:
    """Return what separates the columns of the header, leaving the file at its beginning."""
    header = line = file.readline()
    while header.count('"') % 2 and line and len(header) < _LONGEST_HEADER:  # a heading of several lines
        line = file.readline()
        header += line
    file.seek(0)
    return max(_DELIMITERS, key=_QUOTED.sub("", header).count)


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
    content, decoder, mark = path.read_bytes(), encoding_of(path, encoding), mark_of(path)
    wanted = "UTF-8" if decoder == UTF_8 else decoder.upper() if mark else encoding
    said = f"{wanted}, which its byte order mark says" if mark and encoding else wanted
    try:
        content.decode(decoder)
    except UnicodeDecodeError as failure:
        good = failure.object[: failure.start].decode(decoder, "replace")
        hint = (
            "; if the file comes from older software, try --encoding cp1252" if not mark and wanted == "UTF-8" else ""
        )
        return f"{path}: {_end_of(good)}: byte 0x{failure.object[failure.start]:02x} is not {said}{hint}"
    except UnicodeError:  # of an encoding that says no place
        pass
    return f"{path}: not {said}"


def _end_of(text: str) -> str:
    """Return the line and the column in which a text ends."""
    lines = _LINE_END.split(text)
    delimiter = delimiter_of(io.StringIO(text))
    header, values = (next(csv.reader([line], delimiter=delimiter), [""]) for line in (lines[0], lines[-1]))
    known = len(lines) > 1 and len(values) <= len(header)
    return f"line {len(lines)}, column '{header[len(values) - 1].strip() if known else '?'}'"

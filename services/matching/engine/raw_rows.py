"""Raw rows owns the raw fields of many customers where SQL can read them: in a CSV or Parquet file, or in lists."""

# ruff: noqa: SIM905 - word lists are read as text

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np

_MEMORY = "1GiB"
_WILD = re.compile(r"([\[*?])")

NOTHING = frozenset(
    "N/A n/a #N/A NA N.A. n.a. NULL null None none (none) NaN nan nil undefined unknown Unknown UNKNOWN"
    " ? - -- . \\N".split()
)
"""What programs and people write where they have no value."""

NOTHING_IN_SQL = ", ".join(f"'{text}'" for text in sorted(NOTHING))


class UnreadableFile(Exception):  # noqa: N818 - a failure is what is true, not a bug
    """The file cannot be read as it is said to be written."""


@dataclass(slots=True)
class RawRows:
    """A relation with one row a customer; `fields` names its column for each field that there is."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    fields: Mapping[str, str]
    parameters: Sequence[str] = ()


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database in memory, which spills to a folder of its own and is gone afterwards."""
    with TemporaryDirectory(prefix="patronage-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": folder,
            "autoload_known_extensions": "false",
            "arrow_large_buffer_size": "true",
        }
        with duckdb.connect(config=settings) as connection:
            yield connection


def rows_of_lists(connection: duckdb.DuckDBPyConnection, table: Mapping[str, Sequence[str]]) -> RawRows:
    """Take over columns of text."""
    names = {field: f"c{number}" for number, field in enumerate(table)}
    arrays = {names[field]: text_array(_encodable(values)) for field, values in table.items()}
    connection.register("lists", arrays)
    columns = ", ".join(f"{name}::varchar AS {name}" for name in arrays)
    connection.execute(f"CREATE TABLE raw AS SELECT {columns} FROM lists")
    connection.unregister("lists")
    return RawRows(connection, "raw", names)


def rows_of_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, delimiter: str, width: int, fields: Mapping[str, str]
) -> RawRows:
    """Read a plainly written CSV file of `width` columns; `fields` gives each field as SQL over them."""
    columns = ", ".join(f"'{csv_column(number)}': 'VARCHAR'" for number in range(width))
    relation = (
        "read_csv($1, delim = $2, columns = {" + columns + "}, header = true, auto_detect = false, strict_mode = true,"
        " hive_partitioning = false,"
        " quote = '\"', escape = '\"', nullstr = ['', " + NOTHING_IN_SQL + "])"
    )
    return RawRows(connection, relation, fields, (only_file(path), delimiter))


def csv_column(number: int) -> str:
    """Return a column of a CSV file as SQL, by its number from 0."""
    return f"c{number}"


def rows_of_parquet(connection: duckdb.DuckDBPyConnection, path: Path, fields: Mapping[str, str]) -> RawRows:
    """Read a Parquet file; `fields` gives each field as SQL over its columns."""
    columns = ", ".join(f"{expression} AS {field}" for field, expression in fields.items())
    relation = f"(SELECT {columns} FROM read_parquet($1, hive_partitioning = false))"
    return RawRows(connection, relation, {name: name for name in fields}, (only_file(path),))


def only_file(path: Path) -> str:
    """Return a path as the pattern that only this file matches, since the database takes every path for a pattern."""
    return _WILD.sub(r"[\1]", os.path.abspath(path))


def distinct_values(raw: RawRows, field: str) -> list[str]:
    """Return the distinct values of a field, in order; raises UnreadableFile."""
    query = f"SELECT DISTINCT {raw.fields[field]} AS value FROM {raw.relation} WHERE value <> '' ORDER BY value"
    try:
        found = raw.connection.execute(query, list(raw.parameters)).fetchall()
    except duckdb.Error as failure:
        raise UnreadableFile(str(failure).splitlines()[0]) from failure
    return [value for (value,) in found]


def quoted(name: str) -> str:
    """Return a column name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_array(values: Sequence[str]) -> np.ndarray:
    """Return text as an array that the database reads."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _encodable(values: Sequence[str]) -> Sequence[str]:
    """Leave lone surrogates out, which are no characters, as every normaliser does."""
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        return [value.encode(errors="ignore").decode() for value in values]
    return values

"""Parquet owns reading a Parquet file as columns of text."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from services.matching.engine.raw_rows import NOTHING_IN_SQL, only_file, quoted

_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_MOST_EXACT = 2**53
"""Whole numbers below are exact as floats, as which they come where a column of numbers has a value missing."""


class UnreadableParquet(Exception):  # noqa: N818 - a failure is what is true, not a bug
    """The file is no Parquet file that can be read."""


def read_parquet(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the column names and the values as text, '' for null."""
    with _opened(path) as relation:
        texts = _texts(relation)
        as_text = ", ".join(f"coalesce({text}, '')" for text in texts.values())
        rows = relation.project(as_text).fetchall() if texts else []
    return list(texts), [list(values) for values in zip(*rows, strict=True)] or [[] for _ in texts]


def parquet_texts(path: Path) -> dict[str, str]:
    """Return for each column the SQL of its values as text, null where something stands in place of a value."""
    with _opened(path) as relation:
        return {
            name: f"CASE WHEN {text} NOT IN ({NOTHING_IN_SQL}) THEN {text} END"
            for name, text in _texts(relation).items()
        }


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyRelation]:
    with duckdb.connect() as connection:
        try:
            yield connection.from_parquet(only_file(path))
        except duckdb.Error as failure:
            raise UnreadableParquet(str(failure).splitlines()[0]) from failure


def _texts(relation: duckdb.DuckDBPyRelation) -> dict[str, str]:
    return {name: _text(quoted(name), str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)}


def _text(column: str, kind: str) -> str:
    """Return a column as text: the values of a list with '|' between, a whole number of a float without a fraction."""
    if kind == "VARCHAR[]":
        return f"array_to_string({column}, '|')"
    if kind in _FLOATS:
        whole = f"{column} = trunc({column}) AND abs({column}) < {_MOST_EXACT}"
        return f"CASE WHEN {whole} THEN cast(cast({column} AS bigint) AS varchar) ELSE cast({column} AS varchar) END"
    return f"cast({column} AS varchar)"

"""Parquet owns reading a Parquet file as columns of text."""

from pathlib import Path

import duckdb

from services.matching.engine.raw_rows import only_file, quoted


class UnreadableParquet(Exception):  # noqa: N818 - a failure is what is true, not a bug
    """The file is no Parquet file that can be read."""


def read_parquet(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the column names and the values as text, '' for null."""
    with duckdb.connect() as connection:
        try:
            relation = connection.from_parquet(only_file(path))
            header = list(relation.columns)
            as_text = ", ".join(f"coalesce(cast({quoted(name)} as varchar), '')" for name in header)
            rows = relation.project(as_text).fetchall() if header else []
        except duckdb.Error as failure:
            raise UnreadableParquet(str(failure).splitlines()[0]) from failure
    return header, [list(values) for values in zip(*rows, strict=True)] or [[] for _ in header]


def parquet_header(path: Path) -> list[str]:
    """Return the column names."""
    with duckdb.connect() as connection:
        try:
            return list(connection.from_parquet(only_file(path)).columns)
        except duckdb.Error as failure:
            raise UnreadableParquet(str(failure).splitlines()[0]) from failure

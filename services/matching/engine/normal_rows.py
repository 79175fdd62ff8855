"""Normal rows owns the one pass of SQL over raw rows, which normalises plain values and sets others aside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import duckdb
import numpy as np
from numpy.typing import NDArray

from services.matching.engine.arrays import MISSING, Codes, Mask, Rows
from services.matching.engine.arrow_text import read_texts
from services.matching.engine.byte_texts import ByteTexts
from services.matching.engine.raw_rows import RawRows, UnreadableFile, text_array

Hashes = NDArray[np.uint64]
Texts = NDArray[np.object_]


@dataclass(slots=True)
class Forms:
    """SQL of the columns to make: `steps` that each see the columns of the one before, and what is `kept`."""

    kept: dict[str, str]
    steps: tuple[dict[str, str], ...] = ()


@dataclass(slots=True)
class NormalRows:
    """The table of normal forms. A method may be called from several threads at once."""

    connection: duckdb.DuckDBPyConnection
    size: int
    names: frozenset[str]

    def texts(self, column: str) -> Texts:
        """Return a column as text, '' where it is missing."""
        found = self._fetch(f"SELECT coalesce({column}, '') AS text FROM normal")
        return np.asarray(found["text"], object)

    def byte_texts(self, column: str) -> ByteTexts:
        """Return a column as text without an object for each value, '' where it is missing."""
        return read_texts(self.connection.cursor(), f"SELECT coalesce({column}, '') AS text FROM normal")

    def hashed(self, column: str) -> tuple[Hashes, Mask]:
        """Return a hash of each value, and where there is a value."""
        found = self._fetch(f"SELECT hash({column}) AS hash, coalesce({column}, '') <> '' AS known FROM normal")
        return np.asarray(found["hash"], np.uint64), np.asarray(found["known"], np.bool_)

    def flags(self, column: str) -> Mask:
        """Return where a column holds."""
        return np.asarray(self._fetch(f"SELECT {column} AS flag FROM normal")["flag"], np.bool_)

    def all_hold(self, condition: str) -> bool:
        """Return whether a condition in SQL holds in every row."""
        query = f"SELECT NOT EXISTS (FROM normal WHERE ({condition}) IS NOT TRUE) AS all"
        return bool(self._fetch(query)["all"][0])

    def repeats(self, column: str) -> tuple[float, float]:
        """Return how many rows have a value, and how many ordered pairs of them the same one."""
        groups = f"SELECT count(*) AS n FROM normal WHERE {column} <> '' GROUP BY {column}"
        query = "SELECT coalesce(sum(n), 0)::double AS known, coalesce(sum(n * (n - 1)), 0)::double AS same"
        found = self._fetch(f"{query} FROM ({groups})")
        return float(found["known"][0]), float(found["same"][0])

    def hashes_of(self, texts: Sequence[str]) -> Hashes:
        """Return the hash of further values."""
        cursor = self.connection.cursor()
        cursor.register("further", {"text": text_array(texts)})
        found = cursor.execute("SELECT hash(text::varchar) AS hash FROM further").fetchnumpy()
        cursor.unregister("further")
        return np.asarray(found["hash"], np.uint64)

    def chosen(self, column: str) -> tuple[Rows, list[str]]:
        """Return the rows in which a column has a value, and the values."""
        found = self._fetch(
            f"SELECT rowid AS row, {column} AS text FROM normal WHERE {column} IS NOT NULL ORDER BY row"
        )
        return np.asarray(found["row"], np.int64), np.asarray(found["text"], object).tolist()

    def coded(self, *columns: str) -> tuple[list[str], list[Codes]]:
        """Return the distinct values of columns of one kind in the order of their coming, and the codes of each.

        For values that repeat: the database groups and joins those fastest.
        """
        cursor, dictionary = self.connection.cursor(), f"values_of_{columns[0]}"
        each = " UNION ALL ".join(
            f"SELECT {name} AS value, min(rowid) * {len(columns)} + {place} AS first FROM normal"
            f" WHERE {name} <> '' GROUP BY {name}"
            for place, name in enumerate(columns)
        )
        cursor.execute(f"CREATE TABLE {dictionary} AS SELECT value FROM ({each}) GROUP BY value ORDER BY min(first)")
        found = cursor.execute(f"SELECT value FROM {dictionary} ORDER BY rowid").fetchnumpy()["value"]
        codes = [self._codes(cursor, name, dictionary) for name in columns]
        cursor.execute(f"DROP TABLE {dictionary}")
        return np.asarray(found, object).tolist(), codes

    def _codes(self, cursor: duckdb.DuckDBPyConnection, column: str, dictionary: str) -> Codes:
        cursor.execute(
            f"SELECT normal.rowid::integer AS row, known.rowid::integer AS code FROM normal"
            f" JOIN {dictionary} AS known ON normal.{column} = known.value"
        )
        found = cursor.fetchnumpy()
        codes = np.full(self.size, MISSING, np.int32)
        codes[found["row"]] = found["code"]
        return codes

    def _fetch(self, query: str) -> dict[str, NDArray[np.generic]]:
        return self.connection.cursor().execute(query).fetchnumpy()


def normal_rows(raw: RawRows, forms: Sequence[Forms], untouched: Iterable[str] = ()) -> NormalRows:
    """Read the raw rows once; raises UnreadableFile when they are not written plainly."""
    kept = {name: name for name in untouched}
    for of_field in forms:
        kept |= of_field.kept
    fields = ", ".join(f"{column} AS {name}" for name, column in raw.fields.items())
    query = f"SELECT {fields} FROM {raw.relation}"
    for step in zip_longest(*(of_field.steps for of_field in forms), fillvalue={}):
        query = f"SELECT *, {', '.join(_listed(columns) for columns in step if columns)} FROM ({query})"
    query = f"CREATE TABLE normal AS SELECT {_listed(kept)} FROM ({query})"
    try:
        raw.connection.execute(query, list(raw.parameters))
    except duckdb.Error as failure:
        raise UnreadableFile(str(failure).splitlines()[0]) from failure
    (size,) = raw.connection.execute("SELECT count(*) FROM normal").fetchone() or (0,)
    return NormalRows(raw.connection, size, frozenset(kept))


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())

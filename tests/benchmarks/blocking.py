"""Blocking: what each declared key costs and finds, on a set with truth.

Run: python -m tests.benchmarks.blocking CUSTOMERS.csv TRUTH.csv

For each key: pairs it gave, pairs that only it found, true pairs among both, and what the scan did to it; then the
recall of all keys together. TRUTH.csv has the columns id and cluster.
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from services.matching.engine.api import records_from_table
from services.matching.engine.arrays import Rows
from services.matching.engine.blocking import candidates
from services.matching.engine.candidates import SEVERAL, Candidates
from services.matching.engine.crew import Crew
from services.matching.engine.dedupe import budget_of
from services.matching.engine.exclusions import Exclusions
from services.matching.engine.memory import Shares
from services.matching.engine.options import Options, Watch


def read(path: Path) -> dict[str, list[str]]:
    """Return the columns of a file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def found_in(table: dict[str, list[str]]) -> Candidates:
    """Return the pairs that a scan would compare."""
    records = records_from_table(table["id"], table)
    options, crew = Options(), Crew.of(Watch(), 0)
    shares = Shares.of(options.memory, crew.threads)
    excluded = Exclusions.of(records, options).among
    return candidates(records.columns, budget_of(records.columns.size), excluded, shares, crew)


def true_pairs(found: Candidates, cluster: Rows) -> tuple[int, Rows]:
    """Return how many true pairs were found, and how many only each key found."""
    total, alone = 0, np.zeros(SEVERAL + 1, np.int64)
    begin = 0
    for part in found.slices(500_000):
        places = np.arange(begin, begin + part[2] - part[1])
        begin += len(places)
        left, right, keys = found.take(places)
        true = cluster[left] == cluster[right]
        total += int(true.sum())
        alone += np.bincount(keys[true], minlength=SEVERAL + 1)
    return total, alone


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    table, truth = (read(Path(argument)) for argument in arguments)
    cluster_of = dict(zip(truth["id"], truth["cluster"], strict=True))
    cluster = np.unique([cluster_of[record_id] for record_id in table["id"]], return_inverse=True)[1]
    sizes = np.bincount(cluster)
    wanted = int((sizes * (sizes - 1) // 2).sum())
    found = found_in(table)
    total, alone = true_pairs(found, cluster)
    print(f"{'key':<18}{'pairs':>12}{'only here':>12}{'true only here':>16}  what was done")
    for number, report in enumerate(found.keys):
        print(f"{report.kind:<18}{report.pairs:>12,}{report.only_here:>12,}{alone[number]:>16,}  {report.why}")
    print(f"{len(found):,} pairs hold {total:,} of {wanted:,} true pairs: recall {total / max(wanted, 1):.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])

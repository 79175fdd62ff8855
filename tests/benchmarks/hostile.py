"""Hostile: time and memory of `patronage dedupe` on large files that mean harm, each of a million rows by default.

Run: python -m tests.benchmarks.hostile [--rows 1000000]
"""

import argparse
import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.measured import measured, patronage

Row = tuple[str, ...]


def _identical(rows: int) -> Iterator[Row]:
    return (("Ann Lee", "ann@x.org", "415-555-2671", "12 Oak St") for _ in range(rows))


def _one_name(rows: int) -> Iterator[Row]:
    return (("John Smith", "", "", "") for _ in range(rows))


def _one_mailbox(rows: int) -> Iterator[Row]:
    return ((f"P{number % 7919} F{number}", "info@x.org", "1-800-555-1234", "") for number in range(rows))


def _ids_alone(rows: int) -> Iterator[Row]:
    return (("", "", "", "") for _ in range(rows))


def _huge_names(rows: int) -> Iterator[Row]:
    """Yield as many bytes as so many rows of a hundred have, in names of a megabyte."""
    return ((letter * 1_000_000, "", "", "") for letter in ("abcdefghij" * (rows // 100_000 + 1))[: rows // 10_000])


def _odd_letters(rows: int) -> Iterator[Row]:
    names = ("محمد علي", "王小明", "\u202eeel nna", "N\x01UL\x1b[2J", "👩‍👧")
    return ((f"{names[number % 5]} {number % 1009}", f"{number}@x.org", "", "") for number in range(rows))


CASES: dict[str, Callable[[int], Iterator[Row]]] = {
    "identical rows": _identical,
    "one name and nothing else": _one_name,
    "one mailbox and phone": _one_mailbox,
    "nothing but an id": _ids_alone,
    "names of a megabyte": _huge_names,
    "other scripts and control codes": _odd_letters,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.hostile")
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args(arguments).rows
    print(f"{'file':<34}{'rows':>10}{'groups':>10}{'largest':>10}{'seconds':>10}{'CPU s':>8}{'MiB':>7}", flush=True)
    with tempfile.TemporaryDirectory(prefix="patronage-hostile-") as name:
        source, groups = Path(name) / "in.csv", Path(name) / "groups.csv"
        for case, made in CASES.items():
            with source.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("id", "name", "email", "phone", "address"))
                writer.writerows((number, *row) for number, row in enumerate(made(rows)))
            cost = measured(patronage("dedupe", source, "--output", groups))
            with groups.open(encoding="utf-8", newline="") as file:
                sizes = Counter(row["group_id"] for row in csv.DictReader(file))
            line = f"{case:<34}{sizes.total():>10,}{len(sizes):>10,}{max(sizes.values()):>10,}"
            print(f"{line}{cost.seconds:>10.1f}{cost.cpu_s:>8.1f}{cost.memory_mib:>7,}", flush=True)


if __name__ == "__main__":
    main()

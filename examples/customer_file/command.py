"""The command writes the example customers and their truth as CSV files."""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from .records import records
from .writing import COLUMNS


def write_customers(rows: int, seed: int, customers: TextIO, truth: TextIO) -> None:
    """Write both files row by row; memory does not grow with the size of a file."""
    rows_out = csv.writer(customers, lineterminator="\n")
    truth_out = csv.writer(truth, lineterminator="\n")
    rows_out.writerow(("id", *COLUMNS))
    truth_out.writerow(("id", "cluster"))
    for record in records(rows, seed):
        rows_out.writerow((record.id, *record.values))
        truth_out.writerow((record.id, record.cluster))


def run(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write a seeded file of customers with known duplicates.")
    parser.add_argument("--rows", type=int, default=5_000, help="rows in the file, copies included")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same file")
    parser.add_argument("--output", type=Path, required=True, help="the customers, as CSV")
    parser.add_argument("--truth", type=Path, required=True, help="id,cluster: which rows are one customer")
    chosen = parser.parse_args(arguments)
    if chosen.rows < 1:
        parser.error("--rows must be 1 or more")
    with (
        chosen.output.open("w", encoding="utf-8", newline="") as customers,
        chosen.truth.open("w", encoding="utf-8", newline="") as truth,
    ):
        write_customers(chosen.rows, chosen.seed, customers, truth)
    return 0

"""`python -m tests.benchmarks` prints the figures of the suite on this machine; `make bench` calls it."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import analytics_bench, batch_merge_bench, load, merge_bench
from tests.benchmarks.customers_bench import figures
from tests.benchmarks.suite_bench import lines


def main() -> None:
    """Measures on a durable PostgreSQL in a temporary folder."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rows", type=int, default=20_000, help="customers to import first")
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="how long each kind of call is measured, all rounds together"
    )
    parser.add_argument(
        "--customers", type=int, default=0, metavar="ROWS",
        help="measure the record of customers instead, in one company of so many, such as 1000000",
    )  # fmt: skip
    parser.add_argument(
        "--sales", type=int, default=0, metavar="SALES",
        help="measure the figures of analytics instead, of so many sales to a fifth as many customers, such as 5000000",
    )  # fmt: skip
    parser.add_argument(
        "--merges", type=int, default=0, metavar="ROWS",
        help="measure previews, merges and undos instead, in one company of so many customers, such as 1000000",
    )  # fmt: skip
    parser.add_argument(
        "--batch-merges", type=int, default=0, metavar="ROWS",
        help="measure BatchMerge and AutoMerge instead, in one company of so many customers, such as 24000",
    )  # fmt: skip
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="patronage-bench-"))
    folder.chmod(0o711)
    if chosen.sales:
        try:
            for line in analytics_bench.lines(folder, max(1, chosen.sales // 5), chosen.sales):
                sys.stdout.write(f"{line.what:<52} {line.value:<42} {line.ratio}\n")
                sys.stdout.flush()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    if chosen.customers or chosen.merges or chosen.batch_merges:
        if chosen.batch_merges:
            measured = batch_merge_bench.figures(folder, chosen.batch_merges)
        else:
            measured = (
                merge_bench.figures(folder, chosen.merges) if chosen.merges else figures(folder, chosen.customers)
            )
        try:
            for line_ in measured:
                sys.stdout.write(line_ + "\n")
                sys.stdout.flush()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    sys.stdout.write(
        f"{load.CALLERS} callers in {load.CLIENT_PROCESSES} client processes on the same machine,"
        f" {chosen.rows:,} customers\n"
    )
    try:
        for line in lines(folder, chosen.rows, chosen.seconds):
            sys.stdout.write(f"{line.what:<36} {line.value:<58} {line.ratio}\n")
            sys.stdout.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()

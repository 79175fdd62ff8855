"""`python -m tests.system.soak` plays very many random steps; `make soak` calls it."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections import Counter

from services.local.suite import Suite
from tests.fixtures.postgres import server_folder
from tests.system.soak.machine import run

TOLD_EVERY = 500


def main() -> None:
    """Plays, prints how far it is, and ends with the counts or with the fewest steps that fail."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--life", type=int, default=100, help="steps of a life, after which every merge is undone")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--no-shrink", action="store_true", help="show the life that fails as it is")
    chosen = parser.parse_args()
    begun, told = time.monotonic(), [0]
    sys.stdout.write(f"{chosen.steps:,} steps; once more the same: make soak STEPS={chosen.steps} SEED={chosen.seed}\n")

    def tell(counts: Counter[str]) -> None:
        if not counts["failures"] and counts["steps"] >= told[0] + TOLD_EVERY:
            told[0] = counts["steps"]
            _say(counts, begun)

    folder = server_folder()
    try:
        with Suite(folder / "suite", durable=False) as suite:
            counts = run(suite, chosen.steps, chosen.life, chosen.seed, tell, not chosen.no_shrink)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _say(counts, begun)
    for what, often in sorted(counts.items()):
        sys.stdout.write(f"{often:>9,} {what}\n")


def _say(counts: Counter[str], begun: float) -> None:
    spent = time.monotonic() - begun
    sys.stdout.write(
        f"{counts['steps']:>9,} steps in {spent:,.0f} s, {counts['merges done']:,} merges,"
        f" {counts['undos done']:,} undos: all is well\n"
    )
    sys.stdout.flush()


main()

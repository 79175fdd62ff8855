"""Accuracy: precision, recall and F1 of groups at the default threshold, without labels, beside the simple ladder.

Run: make bench-accuracy ARGS="[FOLDER ...] [--generated 20000 1000000] [--seeds 7] [--splink PYTHON]"

Every set goes through `patronage dedupe` with its defaults, in a process of its own whose time and memory are measured.
A FOLDER holds NAME.csv beside NAME.truth.csv (id, cluster). `--splink` names a Python that has Splink, which then takes
the generated files as well. The last column is the ladder that many start with: e-mail equal, else phone equal, else
names at least 70 % alike, closed transitively.
"""

import argparse
import csv
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from services.cli.truth import Accuracy, Truth
from tests.benchmarks.known_sets import SHIPPED, KnownSet, febrl_sets, folder_sets, generated_sets
from tests.benchmarks.ladder import ladder_groups
from tests.benchmarks.measured import Cost, measured, patronage

SPLINK = Path(__file__).with_name("splink_run.py")
_LADDER_MOST = 200_000
_HEADER = (
    f"{'set':<26}{'records':>10}{'precision':>11}{'recall':>9}{'F1':>9}{'largest':>9}"
    f"{'seconds':>10}{'CPU s':>8}{'MiB':>7}{'ladder F1':>11}"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each set."""
    chosen = _parser().parse_args(arguments)
    print(_HEADER, flush=True)
    with tempfile.TemporaryDirectory(prefix="patronage-accuracy-") as name:
        folder = Path(name)
        open_sets = () if chosen.only_generated else (febrl_sets(folder), *map(folder_sets, SHIPPED))
        for one in chain(*open_sets, *map(folder_sets, chosen.folders)):
            _report(one, folder)
        for one in generated_sets(folder, chosen.generated, chosen.seeds):
            _report(one, folder, chosen.splink)
            one.customers.unlink()
            one.truth.unlink()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-accuracy")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="NAME.csv beside NAME.truth.csv")
    parser.add_argument("--generated", nargs="*", type=int, default=[20_000, 100_000], help="sizes of generated files")
    parser.add_argument("--seeds", nargs="*", type=int, default=[7, 8], help="a file of each size for each")
    parser.add_argument("--only-generated", action="store_true", help="leave out FEBRL, fake_1000 and the example")
    parser.add_argument("--splink", metavar="PYTHON", help="a Python with Splink, to run it on the generated files")
    return parser


def _report(one: KnownSet, folder: Path, splink: str | None = None) -> None:
    known = one.clusters()
    ids = list(known)
    truth = Truth(list(known.values()))
    groups = folder / "groups.csv"
    cost = measured(patronage("dedupe", one.customers, "--output", groups, *one.options))
    found = truth.judge(_labels(groups, ids))
    ladder = f"{truth.judge(_ladder(one, ids)).f1:.4f}" if len(ids) <= _LADDER_MOST else "-"
    print(_line(one.name, len(ids), found, _largest(groups), cost) + f"{ladder:>11}", flush=True)
    if splink:
        peer = measured([splink, SPLINK, one.customers, groups])
        judged = truth.judge(_labels(groups, ids))
        print(_line("  Splink", len(ids), judged, _largest(groups), peer), flush=True)
        ratio = f"{cost.seconds / peer.seconds:.2f} of Splink's time, {cost.cpu_s / peer.cpu_s:.2f} of its CPU seconds"
        print(f"  ours: {ratio}, {cost.memory_mib / peer.memory_mib:.2f} of its memory", flush=True)


def _line(name: str, records: int, found: Accuracy, largest: int, cost: Cost) -> str:
    return (
        f"{name:<26}{records:>10,}{found.precision:>11.4f}{found.recall:>9.4f}{found.f1:>9.4f}{largest:>9,}"
        f"{cost.seconds:>10.1f}{cost.cpu_s:>8.1f}{cost.memory_mib:>7,}"
    )


def _rows(groups: Path) -> Iterator[tuple[str, str]]:
    with groups.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["id"], row["group_id"]


def _labels(groups: Path, ids: Sequence[str]) -> list[str]:
    group_of = dict(_rows(groups))
    return [group_of[record_id] for record_id in ids]


def _largest(groups: Path) -> int:
    sizes: dict[str, int] = {}
    for _, group in _rows(groups):
        sizes[group] = sizes.get(group, 0) + 1
    return max(sizes.values(), default=0)


def _ladder(one: KnownSet, ids: Sequence[str]) -> list[int]:
    table = one.table()
    group_of = dict(zip(table["id"], ladder_groups(table), strict=True))
    return [group_of[record_id] for record_id in ids]


if __name__ == "__main__":
    main()

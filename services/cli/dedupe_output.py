"""Dedupe output owns the files that `patronage dedupe` writes, and the summary that it prints."""

import csv
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table

from services.cli.columns_told import columns_of, print_columns
from services.cli.failures import CommandFailure
from services.matching.engine.api import Result


def write_groups(path: Path, result: Result) -> None:
    """Write id, group and confidence of every record, in input order."""
    group_ids, confidences = list(result.ids), [""] * len(result.ids)
    for group, rows in zip(result.groups, result.rows, strict=True):
        group_id, confidence = group.id, str(group.confidence)
        for row in rows:
            group_ids[row], confidences[row] = group_id, confidence
    with written(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "group_id", "confidence"))
        writer.writerows(zip(result.ids, group_ids, confidences, strict=True))


def write_pairs(path: Path, result: Result) -> None:
    """Write the pairs that may be one, in input order."""
    with written(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id_a", "id_b", "weight", "probability", "confidence"))
        writer.writerows(
            (pair.id_a, pair.id_b, f"{pair.weight:.4f}", f"{pair.probability:.6f}", pair.confidence)
            for pair in result.pairs()
        )


def write_report(path: Path, result: Result) -> None:
    """Write what was learned and done."""
    with written(path) as file:
        json.dump(result.report, file, indent=2)
        file.write("\n")


def print_summary(result: Result, output: Path) -> None:
    """Print what was found, for people."""
    table = Table(show_header=False, box=None, pad_edge=False)
    alone = result.report["records"] - result.report["grouped_records"]
    for label, value in (
        ("records", result.report["records"]),
        ("pairs compared", result.report["compared_pairs"]),
        ("groups of two and more", result.report["groups"]),
        ("records in them", result.report["grouped_records"]),
        ("records alone", alone),
    ):
        table.add_row(label, f"{value:,}")
    console = Console()
    console.print(table)
    print_columns(console, columns_of(result))
    memory = result.report["memory"]
    if not memory["records_fit"]:
        taken, budget = (memory[name] >> 20 for name in ("records", "budget"))
        console.print(f"the records alone took {taken:,} MiB, more than the {budget:,} MiB of --memory")
    console.print(f"written to {output}", markup=False, highlight=False, soft_wrap=True)


def refuse_unwritable(path: Path) -> None:
    """Say before the work what would fail after it."""
    if str(path) == "-":
        raise CommandFailure("-: cannot be written: name a file, or /dev/stdout")
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise CommandFailure(f"{path}: cannot be written: it is a folder")
    if not target.parent.is_dir():
        raise CommandFailure(f"{path}: cannot be written: there is no folder {target.parent}")
    if not os.access(path if _is_special(path) else target.parent, os.W_OK):
        raise CommandFailure(f"{path}: cannot be written: permission denied")


def _is_special(path: Path) -> bool:
    """Whether it is a terminal, a pipe or a device, which is written to and never replaced."""
    return path.exists() and not path.is_file()


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """Give a file that takes its name only when it is complete; a device or pipe is written to as it is."""
    target = path if _is_special(path) else Path(os.path.realpath(path))
    draft = target if target is path else target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            yield file
        if draft is not target:
            draft.replace(target)
    except OSError as failure:
        raise CommandFailure(f"{path}: cannot be written: {failure.strerror}") from failure
    finally:
        if draft is not target:
            draft.unlink(missing_ok=True)

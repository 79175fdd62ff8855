"""Dedupe owns `patronage dedupe`: the engine on a file, without a server or a database."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from services.cli.dedupe_input import read_customers
from services.cli.dedupe_output import print_summary, refuse_unwritable, write_groups, write_pairs, write_report
from services.cli.failures import BadInputFailure
from services.cli.shown import as_json
from services.cli.stages import showing_progress
from services.identity.phones import is_region
from services.matching.engine import api
from services.matching.engine.options import DEFAULT_THRESHOLD

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SMALLEST_MEMORY = 64 << 20


def dedupe(
    source_file: Annotated[Path, typer.Argument(metavar="IN", help="Customers as CSV or Parquet.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the groups go, as CSV.")],
    pairs: Annotated[Path | None, typer.Option(help="Also write the likely pairs, as CSV.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write what was learned and done, as JSON.")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="THEIRS=OURS", help="A column by another name.")
    ] = None,
    region: Annotated[str, typer.Option(metavar="CC", help="Country of phones and dates without one.")] = "US",
    threshold: Annotated[int, typer.Option(min=0, max=100, help="Confidence from which records are one.")] = (
        DEFAULT_THRESHOLD
    ),
    memory: Annotated[
        str, typer.Option(help="Memory for the pairs scored at once, such as 2GiB; the records come on top.")
    ] = "2GiB",
    threads: Annotated[int, typer.Option(min=0, help="Threads that score; 0 takes every core.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples that are learned from.")] = 0,
    source: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column that names the source.")] = None,
    link_only: Annotated[bool, typer.Option(help="Link sources; no pair inside one.")] = False,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Group the customers of a file that are one person or business."""
    if link_only and source is None:
        raise BadInputFailure("--link-only needs --source COLUMN to tell the sources apart")
    if not is_region(region):
        raise BadInputFailure(f"--region {region}: not a two-letter country code")
    options = api.Options(
        threshold=threshold, memory=memory_bytes(memory), threads=threads, seed=seed, link_only=link_only
    )
    outputs = [path for path in (output, pairs, report) if path is not None]
    _refuse_overwriting(source_file, outputs)
    for path in outputs:
        refuse_unwritable(path)
    with showing_progress() as progress:
        progress("read", 0.0)
        customers = read_customers(source_file, mapping_of(mapping or []), source)
        progress("normalise", 0.0)
        records = api.records_from_table(customers.ids, customers.fields, region.upper(), customers.sources)
        del customers
        result = api.dedupe(records, options, progress)
        progress("write", 0.0)
        write_groups(output, result)
        if pairs is not None:
            write_pairs(pairs, result)
        if report is not None:
            write_report(report, result)
    if as_json_line:
        as_json(result.report)
    else:
        print_summary(result, output)


def memory_bytes(text: str) -> int:
    """Read '2GiB', '500 MB' or a number of bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    size = int(float(match[1]) * _UNITS[match[2]]) if match else 0
    if size < _SMALLEST_MEMORY:
        raise BadInputFailure(f"--memory {text}: expected a size of at least 64MiB, such as 2GiB")
    return size


def mapping_of(pairs: list[str]) -> dict[str, str]:
    """Read 'theirs=ours' pairs."""
    mapping = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not (theirs and equals and ours):
            raise BadInputFailure(f"--map {pair}: expected THEIRS=OURS")
        mapping[theirs.strip()] = ours.strip()
    return mapping


def _refuse_overwriting(source_file: Path, outputs: list[Path]) -> None:
    used = [os.path.realpath(path) for path in [source_file, *outputs]]
    if len(set(used)) != len(used):
        raise BadInputFailure("the input and each output must be different files")

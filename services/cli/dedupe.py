"""Dedupe owns `patronage dedupe`: the engine on a file, without a server or a database."""

import os
from pathlib import Path
from typing import Annotated

import typer

from services.cli.dedupe_input import read_records
from services.cli.dedupe_output import print_summary, refuse_unwritable, write_groups, write_pairs, write_report
from services.cli.engine_options import (
    EncodingOption,
    IgnoreOption,
    LinkOnlyOption,
    MapOption,
    MemoryOption,
    RegionOption,
    SeedOption,
    SourceOption,
    ThreadsOption,
    ThresholdOption,
    encoding_named,
    engine_options,
    ignored_of,
    mapping_of,
    region_of,
)
from services.cli.failures import BadInputFailure
from services.cli.shown import as_json
from services.cli.stages import showing_progress
from services.matching.engine import api
from services.matching.engine.options import DEFAULT_THRESHOLD


def dedupe(
    source_file: Annotated[Path, typer.Argument(metavar="IN", help="Customers as CSV or Parquet.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the groups go, as CSV.")],
    pairs: Annotated[Path | None, typer.Option(help="Also write the likely pairs, as CSV.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write what was learned and done, as JSON.")] = None,
    mapping: MapOption = None,
    ignore: IgnoreOption = None,
    encoding: EncodingOption = "",
    region: RegionOption = "US",
    threshold: ThresholdOption = DEFAULT_THRESHOLD,
    memory: MemoryOption = "2GiB",
    threads: ThreadsOption = 0,
    seed: SeedOption = 0,
    source: SourceOption = None,
    link_only: LinkOnlyOption = False,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Group the customers of a file that are one person or business."""
    options = engine_options(threshold, memory, threads, seed, source, link_only)
    country, codec = region_of(region), encoding_named(encoding)
    outputs = [path for path in (output, pairs, report) if path is not None]
    refuse_overwriting(source_file, outputs)
    for path in outputs:
        refuse_unwritable(path)
    with showing_progress() as progress:
        progress("read", 0.0)
        records = read_records(
            source_file, mapping_of(mapping or []), source, country, codec, ignored=ignored_of(ignore)
        )
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


def refuse_overwriting(source_file: Path, outputs: list[Path]) -> None:
    """Refuse to write over the input, or twice to one file."""
    used = [os.path.realpath(path) for path in [source_file, *outputs]]
    if len(set(used)) != len(used):
        raise BadInputFailure("the input and each output must be different files")

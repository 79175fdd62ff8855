"""Evaluate owns `patronage evaluate`: the engine on a file whose truth is known, and what it got right and wrong."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.columns_told import columns_of, print_columns
from services.cli.dedupe import refuse_overwriting
from services.cli.dedupe_input import read_evidence, read_records
from services.cli.dedupe_output import refuse_unwritable, written
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
    refuse_useless,
    region_of,
)
from services.cli.evaluation import Evaluation, evaluation_of
from services.cli.pictures.accuracy import accuracy_page
from services.cli.pictures.svg import require_matplotlib
from services.cli.shown import as_json, output, table
from services.cli.stages import showing_progress
from services.cli.truth import read_truth
from services.matching.engine import api
from services.matching.engine.options import DEFAULT_THRESHOLD

_MISTAKES = 10
_SHOWN = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)


def evaluate(
    source_file: Annotated[Path, typer.Argument(metavar="IN", help="Customers as CSV or Parquet.")],
    truth_file: Annotated[Path, typer.Option("--truth", metavar="TRUTH", help="Which are one: columns id, cluster.")],
    html: Annotated[Path | None, typer.Option(help="Also draw it, as one HTML file.")] = None,
    worst: Annotated[
        int | None,
        typer.Option(min=0, max=100, help="With --html or --json: mistakes of each kind.", show_default=str(_MISTAKES)),
    ] = None,
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
    as_json_line: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Measure the engine on a file whose truth is known, and show its worst mistakes."""
    options = engine_options(threshold, memory, threads, seed, source, link_only)
    country, codec = region_of(region), encoding_named(encoding)
    columns, ignored = mapping_of(mapping or []), ignored_of(ignore)
    if html is None and not as_json_line:
        refuse_useless({"--worst": worst}, "mistakes are shown with --html or --json")
    if html is not None:
        require_matplotlib()
        refuse_overwriting(source_file, [truth_file, html])
        refuse_unwritable(html)
    with showing_progress() as progress:
        progress("read", 0.0)
        customers = read_evidence(source_file, columns, source, ignored=ignored, encoding=codec)
        truth = read_truth(truth_file, customers.ids, customers.sources if link_only else None, codec)
        progress("normalise", 0.0)
        records = read_records(source_file, columns, source, country, codec, ignored=ignored)
        result = api.dedupe(records, options, progress)
        progress("judge", 0.0)
        found = evaluation_of(customers, result, truth, country, threshold, _MISTAKES if worst is None else worst)
    if html is not None:
        with written(html) as file:
            file.write(accuracy_page(found, source_file.name))
    if as_json_line:
        as_json(found.plain())
    else:
        _print(found)


def _print(found: Evaluation) -> None:
    console = output()
    clusters, reach, missed = found.clusters, found.missed.reach, found.missed.counts
    about = "about " if found.missed.sampled else ""
    rows = [
        ("records", f"{len(found.scanned.customers.ids):,}"),
        ("true pairs", f"{found.scanned.truth.count():,}"),
        ("true pairs ever compared", f"{about}{reach:.4f}"),
        (f"groups at {found.threshold}: precision", f"{clusters.precision:.4f}"),
        (f"groups at {found.threshold}: recall", f"{clusters.recall:.4f}"),
        (f"groups at {found.threshold}: F1", f"{clusters.f1:.4f}"),
        *((f"missed: {why}", f"{about}{count:,}") for why, count in missed.items()),
    ]
    console.print(table("what came out", ("measure", "value"), rows))
    shown = {*_SHOWN, found.threshold}
    curve = [(str(t), f"{p:.4f}", f"{r:.4f}", f"{f:.4f}") for t, p, r, f in found.curve if t in shown]
    console.print(table("pairs, before they are grouped", ("threshold", "precision", "recall", "F1"), curve))
    print_columns(console, columns_of(found.scanned.result))

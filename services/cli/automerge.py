"""Automerge owns `patronage automerge`: the sure duplicates of a company merged, or shown first."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import auto_merge_pb2 as pb
from services.cli.client import Client, connected
from services.cli.context import ContextOption, read_context
from services.cli.duplicates import scan_company
from services.cli.shown import as_json, output, table
from services.cli.stages import Show, showing_progress


def automerge(
    yes: Annotated[bool, typer.Option("--yes", help="Merge. Without it only what would be merged is shown.")] = False,
    threshold: Annotated[
        int | None,
        typer.Option(min=0, max=100, help="Confidence that a group must have.", show_default="what the policy accepts"),
    ] = None,
    most: Annotated[int, typer.Option("--max", min=1, max=10_000, help="How many groups to merge at the most.")] = 1000,
    scan: Annotated[bool, typer.Option(help="Scan first; without it the groups of the last scan are merged.")] = True,
    reason: Annotated[str, typer.Option(help="Why; kept in the merge log.")] = "",
    request_id: Annotated[str, typer.Option(help="A UUID, to go on with a run that broke off.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="How many groups to print.")] = 20,
    context: ContextOption = None,
    as_json_lines: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each group.")] = False,
) -> None:
    """Merge the duplicates that are so sure that nobody need look. Shows what would be merged; `--yes` merges."""
    request = pb.AutoMergeRequest(
        min_confidence=threshold,
        max_merges=most,
        dry_run=not yes,
        reason=reason,
        request_id=request_id or (str(uuid.uuid4()) if yes else ""),
    )
    with connected(read_context(context)) as client, showing_progress() as progress:
        if scan and not request_id:
            scan_company(client, None, progress)
        if yes:
            progress(f"run {request.request_id}", 0.0)
        parts = list(_run(client, request, progress))
    outcomes = [outcome for part in parts for outcome in part.outcomes]
    if as_json_lines:
        for outcome in outcomes:
            as_json(outcome)
        return
    output().print(
        table(_summary(parts), ("confidence", "what", "target", "merged in", "why"), _rows(outcomes[:limit]))
    )


def _run(client: Client, request: pb.AutoMergeRequest, progress: Show) -> Iterator[pb.AutoMergeResponse]:
    for part in client.merges.AutoMerge(request):
        progress("merge", part.counts.done / max(part.counts.total, 1))
        yield part


def _summary(parts: Sequence[pb.AutoMergeResponse]) -> str:
    counts = parts[-1].counts
    least = f"confidence {parts[0].min_confidence} and more"
    if counts.would_merge or not (counts.merged or counts.already):
        return f"{counts.would_merge} groups would be merged, {counts.skipped} are left to people; {least}"
    done = counts.merged + counts.already
    return f"{done} groups merged, {counts.customers} customers into others, {counts.skipped} left to people; {least}"


def _rows(outcomes: Sequence[pb.AutoMergeOutcome]) -> Iterator[tuple[object, ...]]:
    for outcome in outcomes:
        what = pb.AutoMergeResult.Name(outcome.result).removeprefix("AUTO_MERGE_RESULT_").lower().replace("_", " ")
        sources = " ".join(outcome.source_ids)
        yield outcome.confidence, what, outcome.target_id, sources, _why(outcome)


def _why(outcome: pb.AutoMergeOutcome) -> str:
    if outcome.skip == pb.AUTO_MERGE_SKIP_UNSPECIFIED:
        return ""
    name = pb.AutoMergeSkip.Name(outcome.skip).removeprefix("AUTO_MERGE_SKIP_").lower().replace("_", " ")
    reasons = {error_reason_pb2.ErrorReason.Name(one.reason).removeprefix("ERROR_REASON_") for one in outcome.blockers}
    return f"{name}: {', '.join(sorted(reasons))}" if reasons else name

"""Merge owns `patronage merge` and `patronage undo`."""

import uuid
from typing import Annotated

import typer

from patronage.matching.v1 import merge_service_pb2 as pb
from services.cli.client import connected
from services.cli.context import ContextOption, read_context
from services.cli.shown import as_json, output, table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ReasonOption = Annotated[str, typer.Option(help="Why; kept in the merge log.")]


def merge(
    target: Annotated[str, typer.Argument(help="The customer that stays.")],
    sources: Annotated[list[str], typer.Argument(help="The customers that go into it.")],
    reason: ReasonOption = "",
    context: ContextOption = None,
    as_json_line: JsonOption = False,
) -> None:
    """Merge customers. Nothing is moved or copied, and `patronage undo` takes it back exactly."""
    request = pb.MergeCustomersRequest(
        target_id=target,
        source_ids=sources,
        reason=reason,
        request_id=str(uuid.uuid4()),
        allow_unpreviewed=True,
    )
    with connected(read_context(context)) as client:
        merged = client.merges.MergeCustomers(request)
    if as_json_line:
        as_json(merged)
        return
    rows = [("merge", merged.merge.merge_id), ("target", merged.target.customer_id), ("name", merged.target.name)]
    rows += [("merged in", customer_id) for customer_id in merged.target.merged_customer_ids]
    output().print(table("merged", ("what", "value"), rows))


def undo(
    merge_id: Annotated[str, typer.Argument(help="The id that the merge answered with.")],
    reason: ReasonOption = "",
    undecided: Annotated[bool, typer.Option("--undecided", help="Do not note that they are different.")] = False,
    context: ContextOption = None,
    as_json_line: JsonOption = False,
) -> None:
    """Take a merge back: both sides are as they were, but for later edits, which are listed."""
    request = pb.UndoMergeRequest(
        merge_id=merge_id, reason=reason, request_id=str(uuid.uuid4()), leave_undecided=undecided
    )
    with connected(read_context(context)) as client:
        undone = client.merges.UndoMerge(request)
    if as_json_line:
        as_json(undone)
        return
    restored = [undone.target, *undone.sources]
    same = {digest.customer_id: digest.before == digest.now for digest in undone.digests}
    rows = [
        (customer.customer_id, customer.name, "as before" if same.get(customer.customer_id) else "edited since")
        for customer in restored
    ]
    output().print(table(f"undone: {undone.merge.merge_id}", ("customer", "name", "own record"), rows))
    edits = [(edit.customer_id, edit.field, edit.edit_time.ToJsonString()) for edit in undone.later_edits]
    if edits:
        output().print(table("later edits that stay", ("customer", "field", "when"), edits))

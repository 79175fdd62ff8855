"""Review owns `patronage review` and `patronage resolve`: what waits for a person, and the decision."""

import uuid
from collections.abc import Iterator
from typing import Annotated

import typer

from patronage.customers.v1 import company_service_pb2
from patronage.matching.v1 import review_queue_pb2 as pb
from services.cli.client import Client, connected
from services.cli.context import ContextOption, read_context
from services.cli.failures import BadInputFailure
from services.cli.shown import as_json, output, table

PAGE = 1000
KINDS = ("pair", "group", "conflict", "conversation", "merge-undone")
DECISIONS = ("merge", "different", "same", "unsure")
JsonOption = Annotated[bool, typer.Option("--json", help="Print one line of JSON for each item.")]


def review(
    limit: Annotated[int, typer.Option(min=1, help="How many items to print.")] = 10,
    kind: Annotated[str, typer.Option(help=f"Only of this kind: {', '.join(KINDS)}.")] = "",
    customer: Annotated[str, typer.Option(help="Only about this customer.")] = "",
    context: ContextOption = None,
    as_json_lines: JsonOption = False,
) -> None:
    """List what waits for a person, what matters most first."""
    wanted = (
        pb.ReviewKind.Value(f"REVIEW_KIND_{_chosen(kind, KINDS, '--kind')}") if kind else pb.REVIEW_KIND_UNSPECIFIED
    )
    with connected(read_context(context)) as client:
        found = list(_items(client, pb.ListReviewItemsRequest(kind=wanted, customer_id=customer), limit))
        stats = client.reviews.GetReviewStats(pb.GetReviewStatsRequest())
    if as_json_lines:
        for item in found:
            as_json(item)
        return
    title = f"{len(found)} of {stats.open_items} items"
    columns = ("item", "asks", "confidence", "for it", "customer", "name", "e-mail", "phone")
    output().print(table(title, columns, _rows(found)))


def resolve(
    item_id: Annotated[str, typer.Argument(help="The item, as `patronage review` prints it.")],
    decision: Annotated[str, typer.Argument(help=f"One of: {', '.join(DECISIONS)}.")],
    target: Annotated[str, typer.Option(help="The customer that stays, of a merge.")] = "",
    customers: Annotated[
        list[str] | None, typer.Option("--customer", help="Who is meant, several times; all where none is named.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    context: ContextOption = None,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Decide an item: merge its customers, or say what they are."""
    request = pb.ResolveReviewItemRequest(
        item_id=item_id,
        resolution=pb.Resolution.Value(f"RESOLUTION_{_chosen(decision, DECISIONS, 'the decision')}"),
        target_id=target,
        customer_ids=customers or (),
        reason=reason,
        request_id=str(uuid.uuid4()),
    )
    with connected(read_context(context)) as client:
        resolved = client.reviews.ResolveReviewItem(request)
    if as_json_line:
        as_json(resolved)
        return
    rows = [("item", resolved.item.item_id), ("decided", decision)]
    rows += [("merge", resolved.merge.merge_id)] if resolved.HasField("merge") else []
    rows += [("judgement", judgement_id) for judgement_id in resolved.judgement_ids]
    output().print(table("resolved", ("what", "value"), rows))


def _chosen(word: str, words: tuple[str, ...], where: str) -> str:
    if word.lower() not in words:
        raise BadInputFailure(f"{where} is {word!r}, and must be one of {', '.join(words)}")
    return word.upper().replace("-", "_")


def _items(client: Client, request: pb.ListReviewItemsRequest, limit: int) -> Iterator[pb.ReviewItem]:
    request.at_least_as_fresh = client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token
    while limit > 0:
        request.page_size = min(limit, PAGE)
        page = client.reviews.ListReviewItems(request)
        yield from page.items
        limit -= len(page.items)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return


def _rows(found: list[pb.ReviewItem]) -> Iterator[tuple[object, ...]]:
    for item in found:
        kind = pb.ReviewKind.Name(item.kind).removeprefix("REVIEW_KIND_").lower().replace("_", "-")
        for place, customer in enumerate(item.customers):
            first = (item.item_id, kind, item.score.confidence, ", ".join(item.matched_fields))
            who = (customer.root_id or customer.customer_id, customer.name, customer.email, customer.phone)
            yield (*(first if place == 0 else ("", "", "", "")), *who)

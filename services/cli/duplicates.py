"""Duplicates owns `patronage duplicates`: a scan of the whole company and its best groups."""

import time
from collections.abc import Iterator
from typing import Annotated

import typer

from patronage.customers.v1 import company_service_pb2
from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.client import Client, connected
from services.cli.context import ContextOption, read_context
from services.cli.engine_options import refuse_useless
from services.cli.failures import CommandFailure
from services.cli.shown import as_json, output, table
from services.cli.stages import Show, showing_progress
from services.matching.engine.options import DEFAULT_THRESHOLD

LOOK_EVERY_S = 0.1
PAGE = 1000


def duplicates(
    limit: Annotated[int, typer.Option(min=1, help="How many groups to print.")] = 10,
    threshold: Annotated[
        int | None,
        typer.Option(
            min=0, max=100, help="Confidence from which customers are one.", show_default=str(DEFAULT_THRESHOLD)
        ),
    ] = None,
    scan: Annotated[bool, typer.Option(help="Scan first; without it the groups of the last scan are printed.")] = True,
    context: ContextOption = None,
    as_json_lines: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each group.")] = False,
) -> None:
    """Find the customers that are one person or business, the surest groups first."""
    if not scan:
        refuse_useless({"--threshold": threshold}, "the groups of the last scan have the threshold of that one")
    with connected(read_context(context)) as client:
        if scan:
            with showing_progress() as progress:
                scan_company(client, DEFAULT_THRESHOLD if threshold is None else threshold, progress)
        found = list(groups(client, limit))
        total = client.matching.ListDuplicateGroups(pb.ListDuplicateGroupsRequest(page_size=1))
    if as_json_lines:
        for group in found:
            as_json(group)
        return
    shown = f"{len(found)} of {total.total_size} groups, {total.scan.customers} customers scanned"
    output().print(table(shown, ("group", "confidence", "do", "customer", "name", "e-mail", "phone"), _rows(found)))


def scan_company(client: Client, threshold: int | None, progress: Show) -> pb.Scan:
    """Scan with all that is committed now, and return the finished scan."""
    token = client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token
    request = pb.ScanDuplicatesRequest(min_confidence=threshold, at_least_as_fresh=token)
    scan = client.matching.ScanDuplicates(request).scan
    while scan.state in (pb.SCAN_STATE_PENDING, pb.SCAN_STATE_RUNNING):
        progress("scan", scan.progress)
        time.sleep(LOOK_EVERY_S)
        scan = client.matching.GetScan(pb.GetScanRequest(scan_id=scan.scan_id)).scan
    if scan.state != pb.SCAN_STATE_DONE:
        state = pb.ScanState.Name(scan.state).removeprefix("SCAN_STATE_").lower()
        raise CommandFailure(f"the scan {scan.scan_id} is {state}: {scan.failure}")
    return scan


def groups(client: Client, limit: int) -> Iterator[pb.DuplicateGroup]:
    """Yield the best groups of the last scan."""
    token = ""
    while limit > 0:
        request = pb.ListDuplicateGroupsRequest(page_size=min(limit, PAGE), page_token=token)
        page = client.matching.ListDuplicateGroups(request)
        yield from page.groups
        limit -= len(page.groups)
        token = page.next_page_token
        if not token:
            return


def _rows(found: list[pb.DuplicateGroup]) -> Iterator[tuple[object, ...]]:
    for number, group in enumerate(found, 1):
        action = pb.RecommendedAction.Name(group.recommended_action).removeprefix("RECOMMENDED_ACTION_").lower()
        for place, member in enumerate(group.members):
            first = (number, group.confidence, action) if place == 0 else ("", "", "")
            yield (*first, member.customer_id, member.name, member.email, member.phone)

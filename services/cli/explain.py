"""Explain owns `patronage explain`: why two customers match, comparison by comparison."""

from collections.abc import Iterator
from typing import Annotated

import typer

from patronage.customers.v1 import company_service_pb2
from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.client import connected
from services.cli.context import ContextOption, read_context
from services.cli.shown import as_json, output, table


def explain(
    left: Annotated[str, typer.Argument(help="The id of one customer.")],
    right: Annotated[str, typer.Argument(help="The id of the other.")],
    context: ContextOption = None,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain why two customers match or do not."""
    with connected(read_context(context)) as client:
        token = client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token
        request = pb.ExplainMatchRequest(left_id=left, right_id=right, at_least_as_fresh=token)
        explanation = client.matching.ExplainMatch(request).explanation
    if as_json_line:
        as_json(explanation)
        return
    score = explanation.score
    title = f"confidence {score.confidence}, probability {score.match_probability:.6f}"
    columns = ("comparison", "left", "right", "level", "bits", "rarity")
    console = output()
    console.print(table(title, columns, waterfall(explanation)))
    keys = ", ".join(explanation.shared_keys)
    shared = f"shared keys: {keys}" if keys else "never compared in a scan: no key shared"
    console.print(shared, markup=False)


def waterfall(explanation: pb.Explanation) -> Iterator[tuple[object, ...]]:
    """Yield the prior, each comparison, and the total, in bits."""
    yield ("prior", "", "", "", f"{explanation.prior_weight:+.2f}", "")
    for found in explanation.comparisons:
        rarity = f"{found.term_frequency_adjustment:+.2f}" if found.term_frequency_adjustment else ""
        yield (found.comparison, found.left_value, found.right_value, found.level, f"{found.weight:+.2f}", rarity)
    yield ("total", "", "", "", f"{explanation.score.match_weight:+.2f}", "")

"""Explain owns `patronage explain`: why two customers match, comparison by comparison, as a table or a picture."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from google.protobuf.message import Message

from patronage.customers.v1 import company_service_pb2
from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.client import connected
from services.cli.columns_told import Columns, columns_html, print_columns
from services.cli.context import ContextOption, read_context
from services.cli.dedupe import refuse_overwriting
from services.cli.dedupe_output import refuse_unwritable, written
from services.cli.engine_options import ignored_of, refuse_useless
from services.cli.explain_file import FromFile, explain_rows
from services.cli.explain_group import group_page, print_group
from services.cli.failures import BadInputFailure
from services.cli.pictures.page import page, plain
from services.cli.pictures.pair import keys_sentence, pair_account, pair_facts, raw_table, shared_keys
from services.cli.pictures.svg import require_matplotlib
from services.cli.shown import as_json, output, table

_REGION = "US"

M = TypeVar("M", bound=Message)


def explain(
    left: Annotated[str, typer.Argument(help="The id of one customer.")] = "",
    right: Annotated[str, typer.Argument(help="The id of the other.")] = "",
    group: Annotated[str, typer.Option(metavar="ID", help="A whole group of the last scan, instead of two ids.")] = "",
    html: Annotated[Path | None, typer.Option(help="Also draw it, as one HTML file.")] = None,
    source_file: Annotated[
        Path | None, typer.Option("--in", metavar="IN", help="Two rows of this file, CSV or Parquet; no server.")
    ] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="THEIRS=OURS", help="With --in: a column by another name.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="With --in: a column that is no evidence.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="CC", help="With --in: country of phones and dates.", show_default=_REGION)
    ] = None,
    encoding: Annotated[str, typer.Option(metavar="NAME", help="With --in: how CSV is encoded, such as cp1252.")] = "",
    context: ContextOption = None,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain why two customers match or do not, or why the members of a group are one."""
    if bool(group) == bool(left and right) or (group and (left or source_file)):
        raise BadInputFailure("expected two ids, or --group ID alone")
    if left and left == right:
        raise BadInputFailure(f"expected two ids, and both are '{left}'")
    if source_file is None:
        of_file = {"--map": mapping, "--ignore": ignore, "--region": region, "--encoding": encoding}
        refuse_useless(of_file, "they are about the file of --in")
    else:
        refuse_useless({"--context": context}, "with --in no service is asked")
    if html is not None:
        require_matplotlib()
        if source_file is not None:
            refuse_overwriting(source_file, [html])
        refuse_unwritable(html)
    if group:
        found = _asked_group(group, context)
        _show(found, as_json_line, print_group, html, group_page)
        return
    from_file = None
    if source_file is None:
        explanation = _asked(left, right, context)
    else:
        explanation, from_file = explain_rows(
            source_file, (left, right), mapping or [], region or _REGION, encoding, ignored=ignored_of(ignore)
        )
    columns = from_file.columns if from_file else {}
    _show(
        explanation,
        as_json_line,
        lambda one: _print(one, columns),
        html,
        lambda one: _page(one, left, right, from_file),
    )


def waterfall(explanation: pb.Explanation) -> Iterator[tuple[object, ...]]:
    """Yield the prior, each comparison, and the total, in bits."""
    yield ("prior", "", "", "", f"{explanation.prior_weight:+.2f}", "")
    for found in explanation.comparisons:
        rarity = f"{found.term_frequency_adjustment:+.2f}" if found.term_frequency_adjustment else ""
        values = plain(found.left_value), plain(found.right_value)
        yield (found.comparison, *values, found.level, f"{found.weight:+.2f}", rarity)
    yield ("total", "", "", "", f"{explanation.score.match_weight:+.2f}", "")


def _show(
    found: M, as_json_line: bool, show: Callable[[M], None], html: Path | None, drawn: Callable[[M], str]
) -> None:
    """Write the page where one is wanted, and print."""
    if html is not None:
        with written(html) as file:
            file.write(drawn(found))
    if as_json_line:
        as_json(found)
    else:
        show(found)


def _asked_group(group: str, context: Path | None) -> pb.ExplainGroupResponse:
    with connected(read_context(context)) as client:
        return client.matching.ExplainGroup(pb.ExplainGroupRequest(group_id=group))


def _asked(left: str, right: str, context: Path | None) -> pb.Explanation:
    with connected(read_context(context)) as client:
        token = client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token
        request = pb.ExplainMatchRequest(left_id=left, right_id=right, at_least_as_fresh=token)
        return client.matching.ExplainMatch(request).explanation


def _print(explanation: pb.Explanation, columns_of_file: Columns) -> None:
    score = explanation.score
    title = f"confidence {score.confidence}, probability {score.match_probability:.6f}"
    columns = ("comparison", "left", "right", "level", "bits", "rarity")
    console = output()
    console.print(table(title, columns, waterfall(explanation)))
    console.print(shared_keys(explanation), markup=False)
    print_columns(console, columns_of_file)


def _page(explanation: pb.Explanation, left: str, right: str, from_file: FromFile | None) -> str:
    title = f"{plain(left)} and {plain(right)}"
    return page(title, _body(explanation, left, right, from_file))


def _body(explanation: pb.Explanation, left: str, right: str, from_file: FromFile | None) -> Iterator[str]:
    yield f"<h1>Are {escape(plain(left))} and {escape(plain(right))} one?</h1>"
    yield pair_facts(explanation)
    yield keys_sentence(explanation)
    if from_file is not None:
        yield raw_table(left, right, *from_file.rows)
        yield columns_html(from_file.columns)
    yield "<h2>Why</h2>"
    yield from pair_account(explanation, left, right)
    yield f'<p class="quiet">Weights of model {escape(plain(explanation.model_version))}.</p>'

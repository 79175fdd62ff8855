"""Token owns `patronage token`: a development token for the suite of a data directory."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.failures import BadInputFailure
from services.cli.shown import as_json
from services.cli.up import DEFAULT_DATA
from services.local.tokens import DAY_S, DEVELOPER_SCOPES, Tokens, has_tokens, is_company_id


def token(
    company: Annotated[str, typer.Argument(help="The company that the token is for.")] = "demo",
    scope: Annotated[list[str] | None, typer.Option(help="A scope, and again. Default: a developer's.")] = None,
    subject: Annotated[str, typer.Option(help="Who the bearer is.")] = "developer",
    name: Annotated[str, typer.Option(help="The bearer's name.")] = "Developer",
    days: Annotated[float, typer.Option(min=0.001, max=365, help="How long it holds.")] = 30,
    data_dir: Annotated[Path, typer.Option(help="The data directory of `patronage up`.")] = DEFAULT_DATA,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a token that the suite of a data directory accepts."""
    if not has_tokens(data_dir):
        raise BadInputFailure(f"{data_dir}: no data directory; run `patronage up` first or name one with --data-dir")
    if not is_company_id(company):
        raise BadInputFailure(f"{company}: not the id of a company; it takes letters, digits and ._:@-")
    if not subject.strip():
        raise BadInputFailure("--subject is empty")
    scopes = sorted(scope or DEVELOPER_SCOPES)
    issued = Tokens.of(data_dir).developer(company, scopes=scopes, subject=subject, name=name, lifetime_s=days * DAY_S)
    if as_json_line:
        as_json({"token": issued, "company_id": company, "subject": subject, "scopes": scopes})
    else:
        typer.echo(issued)

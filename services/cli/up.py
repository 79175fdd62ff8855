"""Up owns `patronage up`: the whole suite on this machine until it is interrupted."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from services.cli.context import DEFAULT_CONTEXT, written_context
from services.cli.endings import catch_ending
from services.cli.failures import BadInputFailure, CommandFailure
from services.cli.shown import as_json
from services.local.failures import LocalError
from services.local.suite import Suite
from services.local.tokens import is_company_id

FIRST_PORT = 50051
DEFAULT_DATA = Path(".patronage/data")


def up(
    data_dir: Annotated[Path, typer.Option(help="Where the data are kept.")] = DEFAULT_DATA,
    port: Annotated[int, typer.Option(min=0, max=65_533, help="The first of three; 0 takes free ones.")] = FIRST_PORT,
    company: Annotated[str, typer.Option(help="The company of the development token.")] = "demo",
    context: Annotated[Path, typer.Option(help="Where later commands find the suite.")] = DEFAULT_CONTEXT,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print the context as one line of JSON.")] = False,
) -> None:
    """Run PostgreSQL and the three services here until Ctrl-C."""
    if not is_company_id(company):
        raise BadInputFailure(f"--company {company}: not the id of a company")
    if context.is_dir():
        raise BadInputFailure(f"--context {context}: it is a folder")
    suite = Suite(
        data_dir, first_port=port, company_id=company, database_url=os.environ.get("PATRONAGE_DATABASE_URL", "")
    )
    try:
        with suite:
            # From here on; before everything serves, an interruption breaks the start off.
            catch_ending(lambda *_: suite.ask_to_end())
            found = suite.context()
            with written_context(context, found):
                typer.echo(f"{suite.postgres.describe()}; data in {data_dir}; Ctrl-C ends it", err=True)
                if as_json_line:
                    as_json(dict(found))
                else:
                    typer.echo(_welcome(found))
                suite.watch()
    except LocalError as error:
        raise CommandFailure(str(error)) from error


def _welcome(context: Mapping[str, str]) -> str:
    lines = [f"{name:<10} {context[name]}" for name in ("customers", "matching", "analytics")]
    call = f"{_grpcurl()} -plaintext"
    bearer = '-H "authorization: Bearer $TOKEN"'
    method = f"{context['customers']} patronage.customers.v1.CustomerService"
    new = '{"customer": {"name": "Ana Lopez", "email": "ana@example.com"}}'
    calls = [
        f"TOKEN={context['token']}",
        f"{call} {context['customers']} list",
        f"{call} {bearer} -d '{new}' {method}/CreateCustomer",
        f"{call} {bearer} -d '{{\"page_size\": 5}}' {method}/ListCustomers",
    ]
    return "\n".join([*lines, f"company    {context['company_id']}", "", *calls])


def _grpcurl() -> str:
    """Return what to type for grpcurl: the one beside this Python where there is one."""
    ours = Path(sys.prefix, "bin", "grpcurl")
    if not ours.exists():
        return "grpcurl"
    here = ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours
    return shlex.quote(str(here))

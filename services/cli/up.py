"""Up owns `patronage up`: the whole suite on this machine until it is interrupted."""

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from services.cli.context import DEFAULT_CONTEXT, write_context
from services.cli.failures import CommandFailure
from services.cli.shown import as_json
from services.local.failures import LocalError
from services.local.suite import Suite

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
    until = _interrupted()
    suite = Suite(
        data_dir, first_port=port, company_id=company, database_url=os.environ.get("PATRONAGE_DATABASE_URL", "")
    )
    try:
        with suite:
            found = suite.context()
            write_context(context, found)
            typer.echo(f"{suite.postgres.describe()}; data in {data_dir}; Ctrl-C ends it", err=True)
            if as_json_line:
                as_json(dict(found))
            else:
                typer.echo(_welcome(found))
            suite.watch(until)
    except LocalError as error:
        raise CommandFailure(str(error)) from error
    finally:
        context.unlink(missing_ok=True)


def _interrupted() -> threading.Event:
    until = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: until.set())
    return until


def _welcome(context: Mapping[str, str]) -> str:
    lines = [f"{name:<10} {context[name]}" for name in ("customers", "matching", "analytics")]
    bearer = f'-H "authorization: Bearer {context["token"]}"'
    method = f"{context['customers']} patronage.customers.v1.CustomerService"
    new = '{"customer": {"name": "Ana Lopez", "email": "ana@example.com"}}'
    calls = [
        f"grpcurl -plaintext {context['customers']} list",
        f"grpcurl -plaintext {bearer} -d '{new}' {method}/CreateCustomer",
        f"grpcurl -plaintext {bearer} -d '{{\"page_size\": 5}}' {method}/ListCustomers",
    ]
    return "\n".join([*lines, f"company    {context['company_id']}", "", *calls])

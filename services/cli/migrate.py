"""Migrate owns `patronage migrate`: roles, databases and schemas on a PostgreSQL server of one's own."""

import os
from typing import Annotated

import typer

from services.cli.failures import BadInputFailure, CommandFailure
from services.cli.shown import as_json
from services.local.failures import DatabaseRefusedError
from services.local.migrate import STATEMENT_LIMIT_S
from services.local.migrate import migrate as migrated
from services.local.suite import SERVICES


def migrate(
    service: Annotated[list[str] | None, typer.Option(help="A service; may be given again. Default: all.")] = None,
    statement_limit: Annotated[
        int, typer.Option(min=1, help="Seconds that one statement may take; large tables take longer than usual ones.")
    ] = round(STATEMENT_LIMIT_S),
    as_json_line: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Create roles and databases where they are missing, and bring every schema up to date.

    PATRONAGE_DATABASE_URL is an administrator's URL; PATRONAGE_ROLE_PASSWORD is given to the roles of the services.
    """
    url = os.environ.get("PATRONAGE_DATABASE_URL", "")
    if not url:
        raise BadInputFailure(
            "PATRONAGE_DATABASE_URL is not set; it wants postgresql://admin:password@host:port/postgres"
        )
    chosen = tuple(service or SERVICES)
    for name in chosen:
        if name not in SERVICES:
            raise BadInputFailure(f"--service {name}: expected one of {', '.join(SERVICES)}")
    revisions = {}
    try:
        password = os.environ.get("PATRONAGE_ROLE_PASSWORD", "")
        for name, revision in migrated(url, chosen, password, statement_limit):
            typer.echo(f"{name} is at {revision}", err=True)
            revisions[name] = revision
    except DatabaseRefusedError as error:
        raise CommandFailure(str(error)) from error
    if as_json_line:
        as_json(revisions)

"""Roles, databases and schemas of the three services on a server of one's own."""

from collections.abc import Iterator

import psycopg

from services.local.failures import DatabaseRefusedError
from services.runtime import provision
from services.runtime.migration import STATEMENT_LIMIT_S, upgrade

__all__ = ["STATEMENT_LIMIT_S", "migrate", "migrate_one"]


def migrate(
    admin_url: str, services: tuple[str, ...], role_password: str = "", statement_limit_s: float = STATEMENT_LIMIT_S
) -> Iterator[tuple[str, str]]:
    """Makes what is missing and upgrades; yields each service with its revision. The URL is an administrator's."""
    for service in services:
        yield service, migrate_one(admin_url, service, role_password, statement_limit_s)


def migrate_one(admin_url: str, service: str, role_password: str, statement_limit_s: float = STATEMENT_LIMIT_S) -> str:
    """Return the revision that it is at; a server that refuses is told with its own words."""
    try:
        provision.provision(admin_url, service, role_password=role_password)
        owner_url = provision.role_url(admin_url, service, "owner", password=role_password)
        return upgrade(service, owner_url, statement_limit_s=statement_limit_s)
    except psycopg.errors.QueryCanceled as error:
        raise DatabaseRefusedError(
            f"a statement of a migration of {service} took more than {statement_limit_s:g} s; nothing of that revision "
            "was done. Give it longer with --statement-limit, at a quiet hour"
        ) from error
    except psycopg.Error as error:
        raise DatabaseRefusedError(f"the database refused: {str(error).strip()}") from error

"""Brings a database to the newest revision of its service, beside live code and without hanging."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

_HERE = Path(__file__).parent
_LOCK_TIMEOUT_MS = 4_000
STATEMENT_LIMIT_S = 60.0
_OTHER_MIGRATION_S = 120.0
_ASK_EVERY_S = 0.1


class MigrationBusy(Exception):  # noqa: N818 - said to the operator as it is
    """Another migration of this database does not end."""


def upgrade(service: str, owner_url: str, revision: str = "head", statement_limit_s: float = STATEMENT_LIMIT_S) -> str:
    """Migrate the database of a service as its owner; answers the revision that it has then.

    A revision with a statement that takes longer than the limit, or has no lock in four seconds, leaves nothing behind.
    """
    with _connected(owner_url, statement_limit_s) as connection, _alone(connection):
        command.upgrade(_config(service, connection), revision)
        connection.execute(text(f'GRANT SELECT ON alembic_version TO "{service}_runtime"'))
        connection.commit()
        return _revision(connection) or ""


def current(url: str) -> str | None:
    """The revision of a database, or None when it was never migrated. The runtime role may ask too."""
    with _connected(url) as connection:
        return _revision(connection)


def newest(service: str) -> str:
    """The revision that the code of a service expects."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(service, None)).get_current_head() or ""


def execute_script(script: str) -> None:
    """Run SQL of one or more statements in a migration as it stands: nothing in it is a parameter."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(script)


def _config(service: str, connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE / "alembic"))
    config.set_main_option("version_locations", str(_HERE.parent / service / "migrations" / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: str, statement_limit_s: float = STATEMENT_LIMIT_S) -> Iterator[Connection]:
    arguments = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    limits = f"-c lock_timeout={_LOCK_TIMEOUT_MS} -c statement_timeout={round(statement_limit_s * 1000)}"
    arguments["options"] = f"{arguments.get('options', '')} {limits}".strip()
    engine = create_engine("postgresql+psycopg://", connect_args=arguments, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise (error.orig or error) from error  # callers know psycopg's errors only
    finally:
        engine.dispose()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    give_up = time.monotonic() + _OTHER_MIGRATION_S
    lock = text("SELECT pg_try_advisory_lock(hashtextextended('patronage migration', 0))")
    while not connection.execute(lock).scalar():
        connection.rollback()
        if time.monotonic() > give_up:
            raise MigrationBusy("another migration of this database has not ended for two minutes")
        time.sleep(_ASK_EVERY_S)
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock_all()"))
        connection.commit()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()

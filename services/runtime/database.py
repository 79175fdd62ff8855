"""Connections to PostgreSQL, and transactions that belong to one company and one caller."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import psycopg
from psycopg.errors import IdleInTransactionSessionTimeout
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout
from sqlalchemy import ClauseElement

from services.runtime import connections
from services.runtime.connection_pool import LatestFirst
from services.runtime.connections import Connection
from services.runtime.core_sql import NO_VALUES, core_sql
from services.runtime.database_errors import is_connection_lost, unavailable
from services.runtime.failures import Overloaded
from services.runtime.freshness import ChangeToken, Horizon

Params = Sequence[Any] | Mapping[str, Any]
Row = dict[str, Any]
T = TypeVar("T")

_CHANGE_XID = """
    SELECT coalesce(pg_current_xact_id_if_assigned()::text::bigint,
                    pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)
"""
_POOL_TIMEOUT_S = 3.0
_POOL_TIMEOUT_WHILE_DOWN_S = 0.25
_DOWN_FOR_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TenantScope:
    """On whose behalf a transaction runs: the rows it may see, and what the audit writes down.

    `own_only`: it may change only what the actor created.
    """

    company_id: str
    actor: str = ""
    actor_name: str = ""
    peer: str = ""
    request_id: str = ""
    user_agent: str = ""
    own_only: bool = False

    def values(self) -> tuple[str, ...]:
        """What PostgreSQL is told of it."""
        return self.company_id, self.actor, self.actor_name, self.peer, self.request_id, self.user_agent


class Transaction:
    """An open transaction of one company. It is committed by the edge that opened it, never by its users."""

    __slots__ = ("_callbacks", "_database", "connection", "scope")

    def __init__(self, database: Database, connection: Connection, scope: TenantScope) -> None:
        self.connection = connection
        self.scope = scope
        self._database = database
        self._callbacks: list[Callable[[], None]] = []

    def execute(self, sql: str, params: Params = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run one statement; the cursor gives tuples."""
        return self.connection.execute(cast(Any, sql), params or None)

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a query."""
        return self._dict_cursor(sql, params).fetchall()

    def row(self, sql: str, params: Params = ()) -> Row | None:
        """The first row of a query, or None."""
        return self._dict_cursor(sql, params).fetchone()

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.execute(sql, params).fetchone()
        return found[0] if found is not None else None

    def call(self, function: str, params: Sequence[str] = ()) -> Any:
        """What a function answers, as a reader's `call`."""
        return self.value(f"SELECT {function}", params)

    def run(self, statement: ClauseElement, values: Mapping[str, Any] = NO_VALUES) -> list[Row]:
        """Run a SQLAlchemy Core statement; answers its rows, none when it returns none.

        It may be kept for all questions of its shape, and is told the `values` that it names. It is planned for its
        values: a plan for any values may read a whole company.
        """
        sql, params = core_sql(statement, values)
        cursor = self.connection.cursor(row_factory=dict_row).execute(cast(Any, sql), params, prepare=False)
        return cursor.fetchall() if cursor.description is not None else []

    @contextmanager
    def copy(self, sql: str) -> Iterator[psycopg.Copy]:
        """Run a COPY statement."""
        with self.connection.cursor() as cursor, cursor.copy(cast(Any, sql)) as copy:
            yield copy

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What runs inside is undone alone when it raises."""
        with self.connection.transaction():
            yield

    def set_company(self, company_id: str) -> None:
        """Go on for another company; for followers, whose batches hold changes of several."""
        connections.set_company(self.connection, company_id)

    def change_token(self) -> ChangeToken:
        """The token of what this transaction writes; of what everyone wrote before when it wrote nothing.

        Until the epoch is known nothing is written: its token would be of no use, and be answered to a retry again.
        """
        return self.token_of(self.value(_CHANGE_XID))

    def token_of(self, xid: int) -> ChangeToken:
        """The change token of this transaction where a statement of it has told its id."""
        if not self._database.epoch:
            raise unavailable("the epoch of the database is not known yet")
        return ChangeToken(self._database.epoch, xid)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once this transaction is committed, never when it is not."""
        self._callbacks.append(callback)

    def _dict_cursor(self, sql: str, params: Params) -> psycopg.Cursor[Row]:
        return self.connection.cursor(row_factory=dict_row).execute(cast(Any, sql), params or None)

    def _committed(self) -> None:
        for callback in self._callbacks:
            try:
                callback()
            except Exception:
                _log.exception("a callback after commit failed")


class Reader:
    """Reads for one company, each a transaction of its own in one round trip; answers are PostgreSQL's own text."""

    __slots__ = ("_company_id", "_database")

    def __init__(self, database: Database, company_id: str) -> None:
        self._database = database
        self._company_id = company_id

    def value(self, sql: str, params: Sequence[str] = ()) -> str | None:
        """The first column of the first row, or None; planned for its values each time."""
        return self._database._ask(lambda connection: connections.ask(connection, self._company_id, sql, params))

    def call(self, function: str, params: Sequence[str] = ()) -> str | None:
        """What a call answers, such as `one(%s::uuid)`; PostgreSQL reads and plans it once for each connection."""
        return self._database._ask(lambda connection: connections.call(connection, self._company_id, function, params))


class Database:
    """A pool of connections to one database as one role."""

    def __init__(
        self,
        url: str,
        *,
        application_name: str,
        min_size: int = 1,
        max_size: int = 8,
        statement_timeout_ms: int = 5000,
        lock_timeout_ms: int = 4000,
        idle_in_transaction_ms: int = 5000,
    ) -> None:
        self.epoch = ""
        self._horizons: dict[str, Horizon] = {}
        self._horizons_lock = threading.Lock()
        self._down_until = 0.0
        self._conninfo = connections.conninfo(
            url, application_name, statement_timeout_ms, lock_timeout_ms, idle_in_transaction_ms
        )
        self._pool = LatestFirst(
            self._conninfo,
            connection_class=Connection,
            kwargs=connections.ARGUMENTS,
            min_size=min_size,
            max_size=max_size,
            name=application_name,
            timeout=_POOL_TIMEOUT_S,
            num_workers=2,
            # Give up soon and start anew with the next call: the delay between attempts doubles without
            # a limit, so after an outage of a minute the pool would wait another minute.
            reconnect_timeout=1.0,
            open=True,
        )

    @contextmanager
    def transaction(self, scope: TenantScope, *, read_only: bool = False) -> Iterator[Transaction]:
        """A transaction for the scope: committed at the end, rolled back when something is raised."""
        connection = self._begin(scope, read_only)
        tx = Transaction(self, connection, scope)
        try:
            yield tx
            connections.commit(connection)
        except BaseException as error:
            if connection.was_idle and is_connection_lost(error):
                raise IdleInTransactionSessionTimeout(str(error)) from error
            self._rollback(connection, error)
            raise
        finally:
            self._pool.putconn(connection)
        tx._committed()

    def reader(self, scope: TenantScope) -> Reader:
        """Single reads for the scope's company, without a transaction around them."""
        return Reader(self, scope.company_id)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A pooled connection that commits each statement; without a company, so policies refuse."""
        connection = self._get()
        try:
            yield connection
        except psycopg.Error as error:
            self._note_lost(error)
            raise
        finally:
            self._pool.putconn(connection)

    @contextmanager
    def dedicated(self) -> Iterator[Connection]:
        """A connection outside the pool, for what holds it long: LISTEN, session locks."""
        with Connection.connect(self._conninfo, **connections.ARGUMENTS) as connection:
            yield connection

    def horizon(self, name: str) -> Horizon:
        """What this process knows about how far the named follower is."""
        with self._horizons_lock:
            return self._horizons.setdefault(name, Horizon())

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _begin(self, scope: TenantScope, read_only: bool) -> Connection:
        return self._first(lambda connection: connections.begin(connection, scope.values(), read_only=read_only))[0]

    def _ask(self, say: Callable[[Connection], str | None]) -> str | None:
        connection, found = self._first(say)
        self._pool.putconn(connection)
        return found

    def _first(self, say: Callable[[Connection], T]) -> tuple[Connection, T]:
        """A connection, and what came of the first thing that was said on it, which may be said twice."""
        connection = self._get()
        try:
            return connection, say(connection)
        except psycopg.Error as error:
            self._pool.putconn(connection)
            if not is_connection_lost(error):
                raise
            self._note_lost(error)
        # Nothing was changed yet, so a connection that died while it lay in the pool is replaced silently.
        connection = self._get()
        try:
            return connection, say(connection)
        except BaseException:
            self._pool.putconn(connection)
            raise

    def _get(self) -> Connection:
        down = time.monotonic() < self._down_until
        try:
            return self._pool.getconn(_POOL_TIMEOUT_WHILE_DOWN_S if down else _POOL_TIMEOUT_S)
        except PoolTimeout as error:
            if not down and self._is_up():
                text = "The service has as many calls as it takes. Repeat the call with back-off."
                raise Overloaded(text, retry_after=1.0, cause=str(error)) from error
            self._down_until = time.monotonic() + _DOWN_FOR_S
            raise unavailable(error) from error

    def _is_up(self) -> bool:
        try:
            psycopg.connect(self._conninfo).close()
            return True
        except psycopg.Error:
            return False

    def _rollback(self, connection: Connection, error: BaseException) -> None:
        connections.roll_back(connection)
        self._note_lost(error)

    def _note_lost(self, error: BaseException) -> None:
        # One lost connection usually means that all are: test those in the pool before one is handed out.
        if isinstance(error, psycopg.Error) and is_connection_lost(error):
            self._down_until = time.monotonic() + _DOWN_FOR_S
            self._pool.check()

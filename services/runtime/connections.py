"""One connection to PostgreSQL: how it is opened, and transactions that are begun and committed in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, cast

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from services.runtime.failures import Internal

_PREPARE_AFTER = 2
ARGUMENTS: dict[str, Any] = {"autocommit": True, "prepare_threshold": _PREPARE_AFTER}

# A server that vanished without a word is noticed after 15 seconds, not after the two hours of TCP.
_TCP = {
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
}
_SETTINGS = ("app.company_id", "app.actor", "app.actor_name", "app.peer", "app.request_id", "app.user_agent")
_SET = ",".join(f"set_config('{name}',%s,true)" for name in _SETTINGS).encode()
_FOR_COMPANY = b"SELECT set_config('app.company_id',%s,true);"
_FROM_COMPANY = " FROM set_config('app.company_id',$1,true)"
_NUMBERS = count()
_BEGIN = {False: b"BEGIN;SELECT " + _SET, True: b"BEGIN READ ONLY;SELECT " + _SET}


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that knows the calls of functions that are prepared on it, and whether it was ended for being idle.

    What the server says while nothing is asked is a notice to libpq, also when it is the last word: who asks next
    is told only that the connection is gone.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calls: dict[str, bytes] = {}
        self.was_idle = False
        self.add_notice_handler(self._note)

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.sqlstate == psycopg.errors.IdleInTransactionSessionTimeout.sqlstate:
            self.was_idle = True


def conninfo(url: str, name: str, statement_ms: int, lock_ms: int, idle_ms: int) -> str:
    """The connection string with the time-outs of every session, and with the name that it is listed by.

    Time-outs that the URL itself has in its `options` count before these.
    """
    given = conninfo_to_dict(url)
    time_outs = (
        f"-c statement_timeout={statement_ms} -c lock_timeout={lock_ms}"
        f" -c idle_in_transaction_session_timeout={idle_ms}"
    )
    given["options"] = f"{time_outs} {given.get('options') or ''} -c timezone=UTC"
    given["application_name"] = name
    for key, value in _TCP.items():
        given.setdefault(key, value)
    return make_conninfo("", **cast(dict[str, Any], given))


def begin(connection: Connection, values: tuple[str, ...], *, read_only: bool) -> None:
    """Begin a transaction with its company, actor, the actor's name, peer, request id and user agent."""
    quote = pq.Escaping(connection.pgconn).escape_literal
    _simple(connection, _BEGIN[read_only] % tuple(quote(value.encode()) for value in values))


def set_company(connection: Connection, company_id: str) -> None:
    """Let the transaction go on for another company."""
    literal = pq.Escaping(connection.pgconn).escape_literal(company_id.encode())
    _simple(connection, b"SELECT set_config('app.company_id',%s,true)" % literal)


def ask(connection: Connection, company_id: str, sql: str, params: Sequence[str]) -> str | None:
    """The first value of a query for one company, as PostgreSQL's own text: a transaction of its own in one round trip.

    It is read and planned anew each time, for its values.
    """
    quote = pq.Escaping(connection.pgconn).escape_literal
    company, *literals = (quote(value.encode()) for value in (company_id, *params))
    return _text(_simple(connection, _FOR_COMPANY % company + sql.encode() % tuple(literals)))


def call(connection: Connection, company_id: str, function: str, params: Sequence[str]) -> str | None:
    """What a function answers for one company, as `ask`; the call is read and planned once for each connection.

    The company is set by the row that the function is called for, so before it.
    """
    values = [company_id.encode(), *(value.encode() for value in params)]
    known = connection.calls.get(function)
    if known is not None:
        try:
            return _text(_answer(connection, connection.pgconn.exec_prepared(known, values)))
        except psycopg.errors.InvalidSqlStatementName:
            pass  # psycopg drops all that is prepared when a savepoint was rolled back
    name = _prepare(connection, function, len(params))
    return _text(_answer(connection, connection.pgconn.exec_prepared(name, values)))


def _prepare(connection: Connection, function: str, params: int) -> bytes:
    name = f"patronage_{next(_NUMBERS)}".encode()
    sql = f"SELECT {function}" % tuple(f"${place + 2}" for place in range(params)) + _FROM_COMPANY
    _answer(connection, connection.pgconn.prepare(name, sql.encode()))
    connection.calls[function] = name
    return name


def commit(connection: Connection) -> None:
    """Commit; a transaction in which a failed statement was ignored is our fault."""
    if connection.pgconn.transaction_status == pq.TransactionStatus.INERROR:
        raise Internal("The call failed.", cause="a failed statement was ignored; nothing can be committed")
    _simple(connection, b"COMMIT")


def roll_back(connection: Connection) -> None:
    """End what is open, if anything is."""
    if connection.pgconn.transaction_status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR):
        connection.pgconn.exec_(b"ROLLBACK")


def _simple(connection: Connection, sql: bytes) -> pq.abc.PGresult:
    """Run a text of one or more statements in one round trip, past the cursor, which costs as much again."""
    return _answer(connection, connection.pgconn.exec_(sql))


def _answer(connection: Connection, result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
        return result
    if connection.pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(connection.pgconn.get_error_message())
    raise psycopg.errors.error_from_result(result)


def _text(found: pq.abc.PGresult) -> str | None:
    value = found.get_value(0, 0) if found.ntuples else None
    return value.decode() if value is not None else None

"""Transactions of one company, and connections that die."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.database_errors import database_failure
from services.runtime.failures import DatabaseUnavailable, Internal, Overloaded
from tests.integration.runtime.conftest import Probe

LONG_S = 60.0
HOSTILE = TenantScope("o'brien\\", "a';--", 'q"uote', "10.0.0.7", "ü")
THINGS = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("company_id", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("extra", JSONB),
    sa.Column("uid", sa.Uuid),
)


def add(database: Database, company: str, name: str) -> None:
    with database.transaction(TenantScope(company)) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES (app_company(), %s)", (name,))


def names(database: Database, company: str) -> list[str]:
    with database.transaction(TenantScope(company), read_only=True) as tx:
        return [row["name"] for row in tx.rows("SELECT name FROM things ORDER BY name")]


def fill(database: Database, number: int) -> None:
    """Opens the connections of the pool, all that there may be of them."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(database.connection())


def kill_all(probe: Probe) -> None:
    with psycopg.connect(probe.admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid()",
            (probe.name,),
        )


@contextmanager
def away(probe: Probe) -> Iterator[None]:
    """The database refuses connections, as a server that restarts does."""
    elsewhere = psycopg.conninfo.make_conninfo(probe.admin_url, dbname="postgres")
    name = psycopg.sql.Identifier(probe.name)
    with psycopg.connect(elsewhere, autocommit=True) as admin:
        admin.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s", (probe.name,))
        yield
        admin.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def test_a_transaction_says_on_whose_behalf_it_runs(database: Database) -> None:
    with database.transaction(HOSTILE) as tx:
        found = [
            tx.value("SELECT current_setting(%s)", (f"app.{name}",))
            for name in ("company_id", "actor", "actor_name", "peer", "request_id")
        ]
    assert found == ["o'brien\\", "a';--", 'q"uote', "10.0.0.7", "ü"]


def test_a_company_sees_its_own_rows_only(database: Database) -> None:
    add(database, "acme", "anvil")
    add(database, "globex", "laser")
    assert names(database, "acme") == ["anvil"]
    assert names(database, "globex") == ["laser"]


def test_a_row_of_another_company_cannot_be_written(database: Database, acme: TenantScope) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(acme) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES ('globex', 'x')")


def test_without_a_company_a_query_raises_even_on_a_reused_connection(open_database: Callable[..., Database]) -> None:
    database = open_database(max_size=1)
    add(open_database(), "acme", "first")
    for _ in range(2):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"app\.company_id is not set"):
            names(database, "")
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"app\.company_id is not set"),
            database.connection() as connection,
        ):
            connection.execute("SELECT name FROM things")
        add(database, "acme", "anvil")
        with database.connection() as connection:
            left = connection.execute("SELECT current_setting('app.company_id', true)").fetchone()
            assert left == ("",)


def test_what_raises_is_rolled_back_and_the_connection_is_clean(open_database: Callable[..., Database]) -> None:
    database = open_database(max_size=1)
    with pytest.raises(ValueError, match="no"), database.transaction(TenantScope("acme")) as tx:  # noqa: PT012
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'x')")
        raise ValueError("no")
    assert names(database, "acme") == []


def test_a_failed_statement_that_is_ignored_does_not_pass_as_a_commit(database: Database, acme: TenantScope) -> None:
    with pytest.raises(Internal), database.transaction(acme) as tx, pytest.raises(psycopg.errors.UndefinedTable):
        tx.execute("SELECT * FROM nothing_here")


def test_a_savepoint_undoes_its_part_alone(database: Database, acme: TenantScope) -> None:
    with database.transaction(acme) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'kept')")
        with pytest.raises(ValueError, match="no"), tx.savepoint():  # noqa: PT012
            tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'lost')")
            raise ValueError("no")
    assert names(database, "acme") == ["kept"]


def test_a_read_only_transaction_cannot_write(database: Database, acme: TenantScope) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), database.transaction(acme, read_only=True) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'x')")


def test_callbacks_run_after_the_commit_and_never_without_one(database: Database, acme: TenantScope) -> None:
    seen: list[list[str]] = []
    with database.transaction(acme) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'x')")
        tx.after_commit(lambda: seen.append(names(database, "acme")))
        assert seen == []
    with pytest.raises(ValueError, match="no"), database.transaction(acme) as tx:  # noqa: PT012
        tx.after_commit(lambda: seen.append(["never"]))
        raise ValueError("no")
    assert seen == [["x"]]


def test_a_callback_that_raises_does_not_undo_what_was_committed(database: Database, acme: TenantScope) -> None:
    with database.transaction(acme) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'x')")
        tx.after_commit(lambda: 1 / 0)  # type: ignore[arg-type]
    assert names(database, "acme") == ["x"]


def test_core_statements_run_with_their_types(database: Database, acme: TenantScope) -> None:
    uid = uuid.uuid4()
    with database.transaction(acme) as tx:
        row = {"company_id": "acme", "name": "x", "extra": {"a": [1, None]}, "uid": uid}
        [made] = tx.run(THINGS.insert().values(**row).returning(THINGS.c.uid))
        found = tx.run(sa.select(THINGS).where(THINGS.c.name.in_(["x", "y"]), THINGS.c.uid == uid))
        assert tx.run(sa.update(THINGS).values(extra={"b": 2})) == []
        changed = tx.run(sa.select(THINGS.c.extra))
    assert made == {"uid": uid}
    assert found == [row]
    assert changed == [{"extra": {"b": 2}}]


def test_core_statements_of_one_shape_keep_their_own_values(database: Database, acme: TenantScope) -> None:
    def found(*wanted: str) -> list[str]:
        return [r["name"] for r in tx.run(sa.select(THINGS.c.name).where(THINGS.c.name.in_(wanted)))]

    with database.transaction(acme) as tx:
        for name in ("x", "y", "z"):
            tx.run(THINGS.insert().values(company_id="acme", name=name))
        assert [sorted(found("x")), sorted(found("y", "z")), found("none")] == [["x"], ["y", "z"], []]


def test_copy_fills_a_session_table(database: Database, acme: TenantScope) -> None:
    with database.transaction(acme) as tx:
        tx.execute("CREATE TEMP TABLE staged (name text) ON COMMIT DROP")
        with tx.copy("COPY staged FROM STDIN") as copy:
            copy.write_row(("x",))
            copy.write_row(("y",))
        tx.execute("INSERT INTO things (company_id, name) SELECT app_company(), name FROM staged")
    assert names(database, "acme") == ["x", "y"]


def test_a_follower_goes_on_for_another_company(database: Database, acme: TenantScope) -> None:
    with database.transaction(acme) as tx:
        tx.set_company("glo'bex")
        tx.execute("INSERT INTO things (company_id, name) VALUES (app_company(), 'laser')")
    assert names(database, "glo'bex") == ["laser"]


def test_a_write_gets_a_token_of_its_transaction_and_a_read_one_of_all_before(
    database: Database, acme: TenantScope
) -> None:
    database.epoch = "e1"
    with database.transaction(acme) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'x')")
        written = tx.change_token()
        xid = tx.value("SELECT pg_current_xact_id()::text::bigint")
    with database.transaction(acme) as tx:
        read = tx.change_token()
    assert (written.epoch, written.xid) == ("e1", xid)
    assert read.xid >= written.xid


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that takes the place of a dead one may take its time."""
    monkeypatch.setattr("services.runtime.database._POOL_TIMEOUT_WHILE_DOWN_S", LONG_S)


@pytest.mark.usefixtures("patient")
def test_a_connection_is_replaced_silently_when_it_died_in_the_pool(
    probe: Probe, open_database: Callable[..., Database]
) -> None:
    database = open_database(min_size=4, max_size=4)
    add(database, "acme", "x")
    fill(database, 4)
    kill_all(probe)
    assert len({len(names(database, "acme")) for _ in range(8)}) == 1


@pytest.mark.usefixtures("patient")
def test_one_statement_on_a_dead_connection_fails_once_and_the_next_is_answered(
    probe: Probe, open_database: Callable[..., Database]
) -> None:
    database = open_database(min_size=4, max_size=4)
    fill(database, 4)
    kill_all(probe)
    with pytest.raises(psycopg.OperationalError) as raised, database.connection() as connection:
        connection.execute("SELECT 1")
    assert isinstance(database_failure(raised.value), DatabaseUnavailable)
    for _ in range(8):
        with database.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.usefixtures("patient")
def test_a_connection_that_dies_in_a_transaction_fails_that_call_only(
    probe: Probe, open_database: Callable[..., Database]
) -> None:
    database = open_database(min_size=2, max_size=2)
    with pytest.raises(psycopg.OperationalError) as raised, database.transaction(TenantScope("acme")) as tx:  # noqa: PT012
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', 'lost')")
        kill_all(probe)
        tx.value("SELECT 1")
    assert isinstance(database_failure(raised.value), DatabaseUnavailable)
    assert [names(database, "acme") for _ in range(4)] == [[]] * 4


def wait_for_the_end_of(process: int) -> None:
    """Until then what is sent to it may be lost together with its last words."""
    tick, deadline = threading.Event(), time.monotonic() + LONG_S
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(process, 0)
            tick.wait(0.01)


def hear(tx: Transaction) -> object:
    """Read what the server has said so far, as libpq does when it comes together with an answer."""
    with suppress(psycopg.OperationalError):
        tx.connection.pgconn.consume_input()
    return tx.connection.pgconn.notifies()


@pytest.mark.parametrize(
    "say",
    [
        lambda tx: tx.value("SELECT 1"),
        lambda tx: tx.set_company("b"),
        lambda tx: None,
        hear,
        lambda tx: (hear(tx), tx.value("SELECT 1")),
    ],
    ids=["ask", "go on", "commit", "hear", "hear and ask"],
)
def test_who_is_thrown_out_of_a_transaction_for_being_idle_is_slow_and_the_database_not_away(
    say: Callable[[Transaction], object], database: Database
) -> None:
    with pytest.raises(psycopg.Error) as raised, database.transaction(TenantScope("acme")) as tx:  # noqa: PT012
        process = tx.value("SELECT pg_backend_pid()")
        tx.execute("SET LOCAL idle_in_transaction_session_timeout = 1")
        wait_for_the_end_of(process)
        say(tx)
    assert isinstance(database_failure(raised.value), Overloaded)
    assert database._down_until == 0.0
    assert names(database, "acme") == []


def test_a_database_that_is_away_is_said_quickly_and_used_again_when_it_is_back(
    probe: Probe, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quickly is less than the time that a call waits for a connection otherwise."""
    monkeypatch.setattr("services.runtime.database._DOWN_FOR_S", LONG_S)
    add(database, "acme", "x")
    with away(probe):
        started = time.monotonic()
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                names(database, "acme")
        assert time.monotonic() - started < LONG_S
    deadline = time.monotonic() + LONG_S
    while True:
        try:
            assert names(database, "acme") == ["x"]
            return
        except DatabaseUnavailable:
            assert time.monotonic() < deadline


def test_a_pool_that_is_used_up_is_overloaded_not_away(
    open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(max_size=1)
    with database.connection():
        monkeypatch.setattr("services.runtime.database._POOL_TIMEOUT_S", 0.05)
        with pytest.raises(Overloaded):
            names(database, "acme")


def test_statements_and_locks_end_in_time(open_database: Callable[..., Database]) -> None:
    database = open_database(statement_timeout_ms=50)
    with pytest.raises(psycopg.errors.QueryCanceled), database.transaction(TenantScope("acme")) as tx:
        tx.value("SELECT pg_sleep(20)")
    impatient = open_database(lock_timeout_ms=50)
    with open_database().dedicated() as holder, holder.transaction():
        holder.execute("SELECT pg_advisory_xact_lock(1)")
        with pytest.raises(psycopg.errors.LockNotAvailable), impatient.transaction(TenantScope("acme")) as tx:
            tx.value("SELECT pg_advisory_xact_lock(1)")


def test_many_threads_never_see_another_company(database: Database) -> None:
    for company in ("a", "b", "c", "d"):
        add(database, company, company)
    wrong: list[object] = []

    def look(company: str) -> None:
        for _ in range(50):
            found = names(database, company)
            if found != [company]:
                wrong.append(found)

    threads = [threading.Thread(target=look, args=(company,)) for company in ("a", "b", "c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_connection_that_was_given_back_last_is_taken_first(open_database: Callable[..., Database]) -> None:
    database = open_database(min_size=3, max_size=3)
    with database.connection() as last, database.connection() as second, database.connection():
        pass
    with database.connection() as taken:
        assert taken is last
        with database.connection() as taken_besides:
            assert taken_besides is second

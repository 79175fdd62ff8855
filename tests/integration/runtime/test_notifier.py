"""One NOTIFY stands for many commits."""

import itertools
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from services.runtime.database import Database
from services.runtime.notifier import Notifier
from tests.integration.runtime.conftest import Probe

LONG_S = 60.0
CHANNEL = "Feed of changes"


@pytest.fixture
def listener(probe: Probe) -> Iterator[psycopg.Connection]:
    with psycopg.connect(probe.admin_url, autocommit=True) as connection:
        connection.execute(f'LISTEN "{CHANNEL}"'.encode())
        yield connection


@pytest.fixture
def notifier(database: Database) -> Iterator[Notifier]:
    notifier = Notifier(database, CHANNEL)
    yield notifier
    notifier.stop()


def heard(listener: psycopg.Connection, timeout: float = LONG_S) -> int:
    return len(list(listener.notifies(timeout=timeout, stop_after=1)))


def test_a_poke_is_heard(notifier: Notifier, listener: psycopg.Connection) -> None:
    notifier.poke()
    assert heard(listener) == 1
    notifier.poke()
    assert heard(listener) == 1


def test_many_pokes_at_once_are_few_notifications_and_the_last_is_heard(
    notifier: Notifier, listener: psycopg.Connection, probe: Probe
) -> None:
    notifier.poke()
    assert heard(listener) == 1
    for _ in range(10_000):
        notifier.poke()
    last = heard(listener)
    notifier.stop()  # from now on none is sent
    with psycopg.connect(probe.admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_notify(%s, 'the end')", (CHANNEL,))
    few = list(itertools.takewhile(lambda one: one.payload != "the end", listener.notifies(timeout=LONG_S)))
    assert 1 <= last + len(few) < 5_000


def test_a_lost_connection_is_replaced(
    notifier: Notifier, listener: psycopg.Connection, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.notifier._RETRY_S", 0.01)
    notifier.poke()
    assert heard(listener) == 1
    with psycopg.connect(probe.admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'probe'")
    notifier.poke()
    assert heard(listener) == 1


def test_poking_never_waits_for_the_database(open_database: Callable[..., Database]) -> None:
    away = open_database("postgresql://nobody@127.0.0.1:1/none", min_size=0)
    notifier = Notifier(away, CHANNEL)

    def poke_often() -> None:
        for _ in range(100):
            notifier.poke()

    done = threading.Thread(target=poke_often)
    done.start()
    done.join(LONG_S)
    assert not done.is_alive()
    notifier.stop()

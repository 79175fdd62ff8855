"""A request id makes a mutation happen once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from services.runtime.database import Database, TenantScope
from services.runtime.failures import RequestIdReused, RequestInProgress
from services.runtime.idempotency import expire, once
from tests.integration.runtime.conftest import Probe

ID = "01890000-0000-7000-8000-000000000001"


def send(
    database: Database,
    answer: bytes,
    *,
    company: str = "acme",
    method: str = "Make",
    content: bytes = b"x",
    request_id: str = ID,
) -> bytes:
    with database.transaction(TenantScope(company)) as tx:
        return once(tx, method, request_id, content, lambda: answer)


def test_the_second_call_gets_the_answer_of_the_first(database: Database) -> None:
    assert send(database, b"first") == b"first"
    assert send(database, b"second") == b"first"


def test_without_a_request_id_every_call_runs(database: Database) -> None:
    assert send(database, b"first", request_id="") == b"first"
    assert send(database, b"second", request_id="") == b"second"


@pytest.mark.parametrize("other", [{"content": b"y"}, {"method": "Break"}])
def test_other_content_under_the_same_id_is_refused(database: Database, other: dict[str, object]) -> None:
    send(database, b"first")
    with pytest.raises(RequestIdReused):
        send(database, b"second", **other)  # type: ignore[arg-type]


def test_each_company_has_its_own_request_ids(database: Database) -> None:
    assert send(database, b"first") == b"first"
    assert send(database, b"second", company="globex") == b"second"


def test_a_call_that_failed_leaves_nothing_behind(database: Database) -> None:
    def fail() -> bytes:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), database.transaction(TenantScope("acme")) as tx:
        once(tx, "Make", ID, b"x", fail)
    assert send(database, b"second") == b"second"


def test_the_twin_of_a_running_request_is_told_so(database: Database) -> None:
    def overtaken() -> bytes:
        with pytest.raises(RequestInProgress):
            send(database, b"twin")
        return b"first"

    with database.transaction(TenantScope("acme")) as tx:
        assert once(tx, "Make", ID, b"x", overtaken) == b"first"
    assert send(database, b"twin") == b"first"


def test_of_many_racers_one_runs(database: Database) -> None:
    ran: list[int] = []
    line = threading.Barrier(8)

    def race(number: int) -> bytes:
        def run() -> bytes:
            ran.append(number)
            return str(number).encode()

        line.wait()
        while True:
            try:
                with database.transaction(TenantScope("acme")) as tx:
                    return once(tx, "Make", ID, b"x", run)
            except RequestInProgress:
                continue

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(race, range(8)))
    assert len(ran) == 1
    assert answers == {str(ran[0]).encode()}


def test_a_request_is_forgotten_after_24_hours(
    database: Database, probe: Probe, open_database: Callable[..., Database]
) -> None:
    send(database, b"first")
    send(database, b"first", company="globex")
    with psycopg.connect(probe.admin_url, autocommit=True) as admin:
        admin.execute("UPDATE idempotent_requests SET created_at = now() - interval '24 hours 1 second'")
    assert send(database, b"second") == b"second"
    upkeep = open_database(probe.upkeep_url)
    with upkeep.transaction(TenantScope("")) as tx:
        assert expire(tx) == 1
    assert send(database, b"third") == b"second"

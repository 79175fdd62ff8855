"""The launcher: three services over one PostgreSQL, started, killed, started again, and ended without a trace."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.local.failures import DatabaseRefusedError, LocalError, ProcessFailedError
from services.local.own_server import OwnServer
from services.local.postgres import Postgres
from services.local.suite import SERVICES, Suite
from services.runtime.health_probe import is_serving
from services.runtime.settings import ServiceSettings
from services.runtime.tokens_jwt import TokenVerifier

STAND_IN = Path(__file__).with_name("stand_in.py")
COMMANDS = {name: (sys.executable, str(STAND_IN)) for name in SERVICES}


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with Suite(durable=False, commands=COMMANDS) as running:
        yield running


def test_all_three_serve_once_it_is_open(suite: Suite) -> None:
    context = suite.context()
    assert all(is_serving(context[name]) for name in SERVICES)


def test_the_developer_token_is_accepted_for_its_company(suite: Suite) -> None:
    context = suite.context()
    settings = {"database_url": "unused", "plaintext": True, "token_secret": suite.tokens.secret}
    verifier = TokenVerifier(ServiceSettings.model_validate(settings))
    claims = verifier.verify(context["token"])
    assert claims.company_id == context["company_id"] == "demo"
    assert "customers:write" in claims.scopes
    assert "merge:apply" not in claims.scopes, "only matching applies merges"


@pytest.mark.parametrize("end", [Suite.kill, Suite.stop])
def test_a_service_comes_back_on_its_port(suite: Suite, end: type) -> None:
    target = suite.context()["customers"]
    end(suite, "customers")
    assert not is_serving(target)
    suite.start("customers")
    assert suite.context()["customers"] == target
    assert is_serving(target)


def test_the_database_comes_back_under_its_url(suite: Suite) -> None:
    url = suite.url("customers", "runtime")
    suite.kill("postgres")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    suite.start("postgres")
    psycopg.connect(url).close()


def test_a_service_that_cannot_start_shows_its_log_and_ends_the_suite(tmp_path: Path) -> None:
    broken = COMMANDS | {"matching": (sys.executable, "-c", "raise SystemExit('no such table: members')")}
    with pytest.raises(ProcessFailedError, match=r"matching ended with status 1.*(\n.*)*no such table: members"):
        Suite(tmp_path / "data", durable=False, commands=broken).open()
    with Postgres(tmp_path / "data", durable=False):
        pass  # nothing holds the data any more


def test_a_service_that_ends_by_itself_is_noticed(suite: Suite) -> None:
    suite.services["analytics"].process.kill()
    with pytest.raises(ProcessFailedError, match="analytics ended"):
        suite.watch()
    suite.start("analytics")


def test_a_taken_port_is_refused_before_anything_starts(suite: Suite, tmp_path: Path) -> None:
    port = int(suite.context()["customers"].rpartition(":")[2])
    with pytest.raises(LocalError, match=f"Port {port}"):
        Suite(tmp_path / "data", first_port=port, durable=False, commands=COMMANDS).open()
    assert not (tmp_path / "data" / "pgdata").exists()


def test_the_port_of_a_service_that_is_down_stays_reserved(suite: Suite, tmp_path: Path) -> None:
    suite.kill("customers")
    port = int(suite.services["customers"].target.rpartition(":")[2])
    with pytest.raises(LocalError, match=f"Port {port}"):
        Suite(tmp_path / "data", first_port=port, durable=False, commands=COMMANDS).open()
    suite.start("customers")


def test_a_restart_keeps_data_and_tokens(tmp_path: Path) -> None:
    with Suite(tmp_path / "data", durable=False, commands=COMMANDS) as first:
        secret = first.tokens.secret
        with psycopg.connect(first.url("customers", "owner")) as connection:
            connection.execute("CREATE TABLE kept ()")
    with Suite(tmp_path / "data", durable=False, commands=COMMANDS) as second:
        assert second.tokens.secret == secret
        with psycopg.connect(second.url("customers", "owner")) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == ("kept",)


def test_secrets_and_logs_are_the_launchers_alone(suite: Suite) -> None:
    for name in ("token_secret", "customers.log", "postgres.log"):
        assert (suite.data_dir / name).stat().st_mode & 0o077 == 0, name


def test_without_a_folder_nothing_is_left_behind() -> None:
    with Suite(durable=False, commands=COMMANDS) as passing:
        folder = passing.data_dir
        processes = [os.pidfd_open(service.process.pid) for service in passing.services.values()]
    assert not folder.exists()
    assert all(ended(process) for process in processes)


def test_another_server_is_used_and_left_as_it_is(postgres: Postgres, tmp_path: Path) -> None:
    other = Suite(tmp_path / "data", database_url=postgres.admin_url(), commands=COMMANDS)
    with other:
        assert isinstance(other.postgres, OwnServer)
        assert is_serving(other.context()["customers"])
        psycopg.connect(other.url("customers", "runtime")).close()
    psycopg.connect(postgres.admin_url()).close()


def test_a_server_that_refuses_is_told_in_its_own_words(postgres: Postgres, tmp_path: Path) -> None:
    with psycopg.connect(postgres.admin_url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE visitor LOGIN")
    with pytest.raises(DatabaseRefusedError, match="permission denied"):
        Suite(tmp_path / "data", database_url=postgres.url("visitor", "postgres"), commands=COMMANDS).open()


def test_a_server_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="PATRONAGE_DATABASE_URL cannot be used"):
        Suite(tmp_path / "data", database_url=f"host={tmp_path}", commands=COMMANDS).open()


LAUNCHER = """
import sys
from pathlib import Path
from services.local.suite import Suite
from tests.integration.local.test_suite import COMMANDS

with Suite(Path(sys.argv[1]), durable=False, commands=COMMANDS) as suite:
    print(*(service.process.pid for service in suite.services.values()), flush=True)
    sys.stdin.read()
"""


def test_a_killed_launcher_leaves_no_service(tmp_path: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, tmp_path / "data"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    processes = [os.pidfd_open(int(pid)) for pid in launcher.stdout.readline().split()]
    launcher.send_signal(signal.SIGKILL)
    launcher.communicate()
    assert len(processes) == len(SERVICES)
    assert all(ended(process, wait_s=60) for process in processes)
    with Postgres(tmp_path / "data", durable=False):
        pass  # and takes away what the killed one left


def ended(process: int, wait_s: float = 0) -> bool:
    """Whether the process of a pidfd has ended, or does so in time."""
    try:
        return bool(select.select([process], [], [], wait_s)[0])
    finally:
        os.close(process)

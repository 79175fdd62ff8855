"""The embedded server: it starts, ends, survives kills, and leaves nothing behind."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from services.local import binaries
from services.local.failures import DataDirectoryError, ProcessFailedError
from services.local.postgres import Postgres


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a server has run."""
    folder = tmp_path_factory.mktemp("made") / "data"
    with Postgres(folder, durable=False):
        return folder


@pytest.fixture
def folder(tmp_path: Path, made: Path) -> Path:
    """A copy of that one, so that not each test makes a cluster anew."""
    subprocess.run(["cp", "-a", made, tmp_path / "data"], check=True)
    return tmp_path / "data"


def value(server: Postgres, statement: str) -> object:
    with psycopg.connect(server.admin_url()) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def write(server: Postgres, statement: str) -> None:
    with psycopg.connect(server.admin_url()) as connection:
        connection.execute(statement)


def test_it_speaks_utf8_and_lowers_letters_beyond_ascii(postgres: Postgres) -> None:
    assert value(postgres, "SHOW server_encoding") == "UTF8"
    assert value(postgres, "SELECT lower('ÅÄÖ')") == "åäö"


@pytest.mark.parametrize("name", ["pg_trgm", "unaccent", "btree_gin", "citext", "fuzzystrmatch"])
def test_it_has_the_extension(postgres: Postgres, name: str) -> None:
    assert value(postgres, f"SELECT count(*) FROM pg_available_extensions WHERE name = '{name}'") == 1


def test_it_listens_on_no_network_address(postgres: Postgres) -> None:
    assert value(postgres, "SHOW listen_addresses") == ""


def test_only_its_account_may_enter_its_folders(postgres: Postgres) -> None:
    for path in (postgres.cluster.data, postgres.sockets):
        assert path.stat().st_mode & 0o777 == 0o700
        assert path.stat().st_uid == postgres.cluster.account.uid


def test_it_does_not_run_as_root(postgres: Postgres) -> None:
    assert postgres.cluster.account.uid != 0


def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    with Postgres(folder) as server:
        write(server, "CREATE TABLE kept AS SELECT 7 AS number")
    with Postgres(folder) as server:
        assert value(server, "SELECT number FROM kept") == 7


@pytest.mark.parametrize("durable", [True, False])
def test_a_killed_server_recovers_under_the_same_url(folder: Path, durable: bool) -> None:
    with Postgres(folder, durable=durable) as server:
        before = server.admin_url()
        write(server, "CREATE TABLE kept AS SELECT 7 AS number")
        server.kill()
        server.start()
        assert server.admin_url() == before
        assert value(server, "SELECT number FROM kept") == 7


def test_a_second_launcher_is_told_who_has_the_data(folder: Path) -> None:
    with Postgres(folder, durable=False), pytest.raises(DataDirectoryError, match=f"process {os.getpid()}"):
        Postgres(folder).open()


def test_data_of_another_major_version_are_refused(folder: Path) -> None:
    with Postgres(folder, durable=False) as server:
        data = server.cluster.data
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(DataDirectoryError, match="made by PostgreSQL 9"):
        Postgres(folder).open()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    with Postgres(folder, durable=False) as server:
        data = server.cluster.data
    (data / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(ProcessFailedError, match="no_such_setting"):
        Postgres(folder).open()
    assert not (folder / "run").exists()


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "pgdata.draft" / "base").mkdir(parents=True)
    with Postgres(folder, durable=False) as server:
        assert value(server, "SELECT 1") == 1


def test_a_pid_file_that_names_another_program_is_no_obstacle(folder: Path) -> None:
    with Postgres(folder, durable=False) as server:
        data = server.cluster.data
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n0\n5432\n\n\n\nready\n")
        os.chown(data / "postmaster.pid", data.stat().st_uid, data.stat().st_gid)
        with Postgres(folder, durable=False) as server:
            assert value(server, "SELECT 1") == 1
        other.kill()


def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    with Postgres(tmp_path / ("long" * 25), durable=False) as server:
        sockets = server.sockets
        assert value(server, "SELECT 1") == 1
    assert not sockets.exists()


def test_a_folder_that_the_account_cannot_pass_still_works(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with Postgres(closed / "data", durable=False) as server:
        server.kill()
        server.start()
        assert value(server, "SELECT 1") == 1


LAUNCHER = """
import sys
from pathlib import Path
from services.local.postgres import Postgres

with Postgres(Path(sys.argv[1]), durable=False) as server:
    print(server._process.pid, flush=True)
    sys.stdin.read()
"""


def test_a_killed_launcher_leaves_no_server(folder: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    server_pid = int(launcher.stdout.readline())
    watched = os.pidfd_open(server_pid)
    launcher.send_signal(signal.SIGKILL)
    launcher.communicate()
    with Postgres(folder, durable=False) as server:  # waits for the lock that the old server holds until it is gone
        assert value(server, "SELECT 1") == 1
    assert select.select([watched], [], [], 60)[0], "the old server still runs"
    os.close(watched)


def test_a_system_postgres_will_do_as_well(tmp_path: Path) -> None:
    found = next((found for found in binaries._on_system() if found.major >= binaries.OLDEST_MAJOR), None)
    if found is None:
        pytest.skip("this machine has no system PostgreSQL beside the wheel")
    with Postgres(tmp_path / "data", durable=False, binaries=found) as server:
        assert value(server, "SELECT lower('ÅÄÖ')") == "åäö"

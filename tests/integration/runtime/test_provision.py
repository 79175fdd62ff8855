"""Roles, databases and migrations."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.local.postgres import Postgres
from services.runtime import migration, provision
from tests.fixtures.databases import Databases

REVISION = '''"""A table and a function of the finder."""

from services.runtime.migration import execute_script

revision = "{number}"
down_revision = {before}


def upgrade() -> None:
    execute_script("""
        CREATE TABLE t{number} (a text DEFAULT '100% :colon');
        CREATE FUNCTION find{number}() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public
            AS $$ SELECT count(*) FROM t{number} $$;
        ALTER FUNCTION find{number}() OWNER TO trial_finder;
        GRANT SELECT ON t{number} TO trial_finder;
    """)
'''


@pytest.fixture
def trial(databases: Databases, postgres: Postgres) -> Iterator[str]:
    """The name of a provisioned database of a service that has no code yet."""
    name = databases.empty()
    provision.provision(postgres.admin_url(), "trial", database=name)
    yield name
    databases.leave(name)


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for the revisions of the trial service."""
    monkeypatch.setattr("services.runtime.migration._HERE", _linked(tmp_path))
    versions = tmp_path / "trial" / "migrations" / "versions"
    versions.mkdir(parents=True)
    return versions


def _linked(folder: Path) -> Path:
    here = folder / "runtime"
    here.mkdir()
    (here / "alembic").symlink_to(Path(migration.__file__).parent / "alembic")
    return here


def write_revision(versions: Path, number: int) -> None:
    before = repr(str(number - 1)) if number > 1 else None
    (versions / f"{number}_x.py").write_text(REVISION.format(number=number, before=before))


def test_provisioning_twice_changes_nothing(trial: str, postgres: Postgres) -> None:
    assert provision.provision(postgres.admin_url(), "trial", database=trial) == trial


def test_no_role_of_a_service_owns_everything_or_passes_policies(trial: str, postgres: Postgres) -> None:
    with psycopg.connect(postgres.admin_url()) as admin:
        roles = admin.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole"
            " FROM pg_roles WHERE rolname LIKE 'trial%' ORDER BY 1"
        ).fetchall()
    assert roles == [
        ("trial_feed", True, False),
        ("trial_finder", False, False),
        ("trial_owner", True, False),
        ("trial_runtime", True, False),
        ("trial_upkeep", True, False),
    ]


@pytest.mark.parametrize("role", provision.LOGIN_ROLES)
def test_whoever_logs_in_as_a_service_cannot_leave_a_transaction_open_for_ever(
    trial: str, postgres: Postgres, role: str
) -> None:
    with psycopg.connect(provision.role_url(postgres.admin_url(), "trial", role, database=trial)) as by_hand:
        assert by_hand.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("1min",)


def test_the_roles_of_one_service_cannot_enter_the_database_of_another(
    trial: str, databases: Databases, postgres: Postgres
) -> None:
    other = databases.empty()
    provision.provision(postgres.admin_url(), "rival", database=other)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(provision.role_url(postgres.admin_url(), "rival", "runtime", database=trial))
    with psycopg.connect(provision.role_url(postgres.admin_url(), "trial", "runtime", database=trial)) as own:
        assert own.execute("SELECT current_user").fetchone() == ("trial_runtime",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            own.execute("CREATE TABLE mine (a int)")
    databases.leave(other)


def test_the_usual_names_are_used_when_none_is_given(postgres: Postgres) -> None:
    url = provision.role_url("postgresql://admin@h:5/postgres", "customers", "feed", password="p w")
    assert psycopg.conninfo.conninfo_to_dict(url) == {
        "user": "customers_feed",
        "password": "p w",
        "host": "h",
        "port": "5",
        "dbname": "patronage_customers",
    }


def test_a_database_is_migrated_to_the_newest_revision(trial: str, postgres: Postgres, revisions: Path) -> None:
    url = provision.role_url(postgres.admin_url(), "trial", "owner", database=trial)
    assert migration.current(url) is None
    write_revision(revisions, 1)
    assert migration.upgrade("trial", url) == migration.newest("trial") == migration.current(url) == "1"
    write_revision(revisions, 2)
    assert migration.upgrade("trial", url) == "2"
    assert migration.upgrade("trial", url) == "2"
    assert migration.current(provision.role_url(postgres.admin_url(), "trial", "runtime", database=trial)) == "2"
    with psycopg.connect(postgres.admin_url(trial)) as admin:
        assert admin.execute("SELECT find2()").fetchone() == (0,)


def test_a_server_that_is_away_is_an_error_of_psycopg() -> None:
    with pytest.raises(psycopg.OperationalError):
        migration.current("postgresql://nobody@127.0.0.1:1/none")


def test_two_migrations_at_once_are_safe(trial: str, postgres: Postgres, revisions: Path) -> None:
    url = provision.role_url(postgres.admin_url(), "trial", "owner", database=trial)
    for number in (1, 2, 3):
        write_revision(revisions, number)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('patronage migration', 0))")
        waiting = threading.Thread(target=migration.upgrade, args=("trial", url))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert migration.current(url) is None
    waiting.join(60)
    assert migration.current(url) == "3"


def test_a_failed_revision_leaves_the_one_before(trial: str, postgres: Postgres, revisions: Path) -> None:
    url = provision.role_url(postgres.admin_url(), "trial", "owner", database=trial)
    write_revision(revisions, 1)
    write_revision(revisions, 2)
    broken = revisions / "2_x.py"
    broken.write_text(broken.read_text().replace("GRANT SELECT", "GRANT NONSENSE"))
    with pytest.raises(psycopg.errors.SyntaxError):
        migration.upgrade("trial", url)
    assert migration.current(url) == "1"


def test_a_migration_does_not_wait_for_ever_for_a_lock(
    trial: str, postgres: Postgres, revisions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.migration._LOCK_TIMEOUT_MS", 50)
    url = provision.role_url(postgres.admin_url(), "trial", "owner", database=trial)
    write_revision(revisions, 1)
    migration.upgrade("trial", url)
    write_revision(revisions, 2)
    second = revisions / "2_x.py"
    second.write_text(second.read_text().replace("CREATE TABLE t2", "ALTER TABLE t1 ADD b int; CREATE TABLE t2"))
    with psycopg.connect(url) as holder:
        holder.execute("SELECT * FROM t1")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migration.upgrade("trial", url)
    assert migration.current(url) == "1"

"""A database with the tables that every service has, and a small server of all four kinds of RPC."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from services.local.postgres import Postgres
from services.runtime import provision
from services.runtime.database import Database, TenantScope
from services.runtime.sql import NAMES, runtime_sql
from tests.fixtures.databases import Databases
from tests.integration.runtime.certificates import Certificates
from tests.integration.runtime.echo import Echo
from tests.integration.runtime.following import Bench

THINGS = """
    CREATE TABLE things (company_id text COLLATE "C" NOT NULL, name text NOT NULL, extra jsonb, uid uuid);
    ALTER TABLE things ENABLE ROW LEVEL SECURITY;
    ALTER TABLE things FORCE ROW LEVEL SECURITY;
    CREATE POLICY company ON things TO probe_runtime
        USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
    GRANT SELECT, INSERT, UPDATE, DELETE ON things TO probe_runtime;
"""


@dataclass(frozen=True)
class Probe:
    """The database of a service that exists for these tests only."""

    name: str
    admin_url: str
    runtime_url: str
    upkeep_url: str


@pytest.fixture
def probe(databases: Databases, postgres: Postgres) -> Iterator[Probe]:
    url = postgres.admin_url()
    name = f"probe_{databases.empty()}"
    provision.provision(url, "probe", database=name)
    with psycopg.connect(postgres.url("probe_owner", name), autocommit=True) as owner:
        for table in NAMES:
            owner.execute(runtime_sql(table, "probe"))
        owner.execute(THINGS)
    roles = [postgres.url(f"probe_{role}", name) for role in ("runtime", "upkeep")]
    yield Probe(name, postgres.admin_url(name), *roles)
    databases.leave(name)


@pytest.fixture
def open_database(probe: Probe) -> Iterator[Callable[..., Database]]:
    """Opens pools on the probe database as the runtime role."""
    opened: list[Database] = []

    def open_one(url: str = "", **options: int) -> Database:
        opened.append(Database(url or probe.runtime_url, application_name="probe", **options))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database()


@pytest.fixture
def acme() -> TenantScope:
    return TenantScope("acme", "ann", "Ann", "10.0.0.7", "r1")


@pytest.fixture
def echo() -> Iterator[Echo]:
    """A server whose handlers a test gives, and its client."""
    with Echo() as running:
        yield running


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def bench(database: Database, probe: Probe) -> Iterator[Bench]:
    bench = Bench(database, probe.admin_url)
    yield bench
    bench.stop()

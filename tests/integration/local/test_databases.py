"""The databases that tests are given: migrated, separate, and open to the service's own roles alone."""

import psycopg
import pytest

from services.local.postgres import Postgres
from services.runtime.migration import current, newest
from tests.fixtures.databases import SERVICES, Databases


@pytest.mark.parametrize("service", SERVICES)
def test_a_clone_is_migrated_to_the_newest_revision(databases: Databases, service: str) -> None:
    clone = databases.of_service(service)
    assert current(clone.owner_url) == newest(service)
    databases.leave(clone.name)


@pytest.mark.parametrize("service", SERVICES)
def test_each_role_of_the_service_may_connect(databases: Databases, service: str) -> None:
    clone = databases.of_service(service)
    for url in (clone.runtime_url, clone.feed_url, clone.upkeep_url, clone.owner_url):
        psycopg.connect(url).close()
    databases.leave(clone.name)


def test_another_services_role_may_not_connect(databases: Databases, postgres: Postgres) -> None:
    clone, _ = databases.of_service("customers"), databases.of_service("matching")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(postgres.url("matching_runtime", clone.name))


def test_what_one_test_writes_another_does_not_see(databases: Databases) -> None:
    one, other = databases.of_service("customers"), databases.of_service("customers")
    with psycopg.connect(one.admin_url) as connection:
        connection.execute("CREATE TABLE mine ()")
    with psycopg.connect(other.admin_url) as connection:
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)


def test_databases_that_were_left_are_dropped_together(databases: Databases, postgres: Postgres) -> None:
    names = [databases.empty() for _ in range(3)]
    for name in names:
        databases.leave(name)
    databases.drop_left()
    with psycopg.connect(postgres.admin_url()) as connection:
        found = connection.execute("SELECT count(*) FROM pg_database WHERE datname = ANY(%s)", [names]).fetchone()
    assert found == (0,)

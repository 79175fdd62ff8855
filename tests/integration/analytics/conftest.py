"""A company on a migrated analytics database."""

from collections.abc import Iterator

import pytest

from services.runtime.database import Database
from tests.fixtures.databases import Databases, ServiceDatabase
from tests.integration.analytics.shop import Shop


@pytest.fixture
def database(analytics_database: ServiceDatabase) -> Iterator[Database]:
    opened = Database(analytics_database.runtime_url, application_name="test", max_size=12)
    yield opened
    opened.close()


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database, "acme")


@pytest.fixture(scope="module")
def kept(databases: Databases) -> Iterator[ServiceDatabase]:
    """A database that is filled once, for tests that only read."""
    made = databases.of_service("analytics")
    yield made
    databases.leave(made.name)


@pytest.fixture(scope="module")
def kept_database(kept: ServiceDatabase) -> Iterator[Database]:
    opened = Database(kept.runtime_url, application_name="test")
    yield opened
    opened.close()

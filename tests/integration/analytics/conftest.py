"""A company on a migrated analytics database."""

from collections.abc import Iterator

import pytest

from services.runtime.database import Database
from tests.fixtures.databases import ServiceDatabase
from tests.integration.analytics.shop import Shop


@pytest.fixture
def database(analytics_database: ServiceDatabase) -> Iterator[Database]:
    opened = Database(analytics_database.runtime_url, application_name="test", max_size=12)
    yield opened
    opened.close()


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database, "acme")

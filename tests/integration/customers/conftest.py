"""A migrated customers database and the service on it, in this process."""

from collections.abc import Iterator

import pytest

from services.runtime.database import Database
from tests.fixtures.databases import ServiceDatabase
from tests.integration.customers.company import Company
from tests.integration.customers.served import Served, serving


@pytest.fixture
def database(customers_database: ServiceDatabase) -> Iterator[Database]:
    opened = Database(customers_database.runtime_url, application_name="test", max_size=60)
    opened.epoch = "the epoch of the test"
    yield opened
    opened.close()


@pytest.fixture
def acme(database: Database, customers_database: ServiceDatabase) -> Company:
    return Company(database, customers_database)


@pytest.fixture
def other(database: Database, customers_database: ServiceDatabase) -> Company:
    return Company(database, customers_database, "other")


@pytest.fixture
def served(customers_database: ServiceDatabase) -> Iterator[Served]:
    with serving(customers_database) as service:
        yield service

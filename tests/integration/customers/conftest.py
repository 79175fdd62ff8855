"""A migrated customers database and the service on it, in this process; of a test, or kept for those of a module."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.customers.store import listing, search
from services.runtime.database import Database
from services.runtime.ids import new_id
from tests.fixtures.databases import Databases, ServiceDatabase
from tests.integration.customers.company import Company
from tests.integration.customers.served import Served, serving


@pytest.fixture(scope="module", autouse=True)
def far_limits_of_lists() -> Iterator[None]:
    """As those of connections."""
    with pytest.MonkeyPatch.context() as patch:
        for module, sql in ((listing, "LIMITS"), (search, "CANDIDATES")):
            patch.setattr(module, sql, getattr(module, sql).replace(f"'{module.LONGEST_MS}'", "'100000'"))
        yield


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


@pytest.fixture(scope="module")
def kept(databases: Databases) -> Iterator[ServiceDatabase]:
    """A database for all tests of a module: they only read, or have companies of their own."""
    made = databases.of_service("customers")
    yield made
    databases.leave(made.name)


@pytest.fixture(scope="module")
def kept_company(kept: ServiceDatabase) -> Iterator[Company]:
    opened = Database(kept.runtime_url, application_name="test", max_size=60)
    opened.epoch = "the epoch of the test"
    yield Company(opened, kept)
    opened.close()


@pytest.fixture(scope="module")
def kept_served(kept: ServiceDatabase) -> Iterator[Served]:
    with serving(kept) as service:
        yield service


@pytest.fixture
def new_company(kept_company: Company) -> Company:
    """One that nobody else has."""
    return replace(kept_company, company_id=new_id())

"""Companies on a migrated matching database."""

from collections.abc import Iterator

import pytest

from services.runtime.database import Database
from tests.fixtures.databases import ServiceDatabase
from tests.integration.matching.people import Company
from tests.integration.matching.talking import Talk


@pytest.fixture
def database(matching_database: ServiceDatabase) -> Iterator[Database]:
    opened = Database(matching_database.runtime_url, application_name="test", max_size=8)
    yield opened
    opened.close()


@pytest.fixture
def upkeep(matching_database: ServiceDatabase) -> Iterator[Database]:
    opened = Database(matching_database.upkeep_url, application_name="test upkeep", max_size=2)
    yield opened
    opened.close()


@pytest.fixture
def company(database: Database, upkeep: Database) -> Company:
    return Company(database, upkeep)


@pytest.fixture
def other_company(database: Database, upkeep: Database) -> Company:
    return Company(database, upkeep, "other")


@pytest.fixture
def talk(company: Company) -> Talk:
    return Talk(company)

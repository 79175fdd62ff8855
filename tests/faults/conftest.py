"""The suite whose parts are killed, whole again before each test, and the chance that picks the moment."""

import os
import random
import shutil
import sys
from collections.abc import Iterator

import psycopg
import pytest

from services.local.failures import LocalError
from services.local.suite import POSTGRES, SERVICES, Suite
from services.runtime.ids import new_id
from tests.faults.company import Company, company_of, start_together
from tests.fixtures.postgres import server_folder

pytest.register_assert_rewrite("tests.faults.proofs")

SEED = "PATRONAGE_FAULTS_SEED"


@pytest.fixture(scope="session")
def broken_suite() -> Iterator[Suite]:
    """One suite for the whole ring: to start it takes as long as most of the tests."""
    folder = server_folder()
    try:
        with Suite(folder / "suite", durable=False) as running:
            yield running
    except LocalError as error:
        pytest.fail(f"The suite does not start. {error}", pytrace=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fault_suite(broken_suite: Suite) -> Suite:
    """The suite with all its parts running, whatever the test before has killed."""
    try:
        psycopg.connect(broken_suite.postgres.admin_url()).close()
    except psycopg.OperationalError:
        broken_suite.kill(POSTGRES)
        broken_suite.start(POSTGRES)
    start_together(broken_suite, SERVICES)
    return broken_suite


@pytest.fixture
def company(fault_suite: Suite) -> Iterator[Company]:
    """A company of the test's own."""
    with company_of(fault_suite, f"faults-{new_id()}") as one:
        yield one


@pytest.fixture
def chance() -> random.Random:
    """Picks the moments to kill at. A failed test shows its seed; PATRONAGE_FAULTS_SEED takes it again."""
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(1_000_000))
    sys.stdout.write(f"{SEED}={seed}\n")
    return random.Random(seed)

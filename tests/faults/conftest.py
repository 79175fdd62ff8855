"""The suite whose parts are killed, whole again before each test, and the chance that picks the moment."""

import os
import random
import sys
from collections.abc import Iterator

import pytest

from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.faults.company import Company, company_of, make_whole

pytest.register_assert_rewrite("tests.faults.proofs")

SEED = "PATRONAGE_FAULTS_SEED"


@pytest.fixture(scope="module")
def broken_suite(suite: Suite) -> Iterator[Suite]:
    """The suite of the system tests, which find it whole: to start one takes as long as most of the tests."""
    yield suite
    make_whole(suite)


@pytest.fixture
def fault_suite(broken_suite: Suite) -> Suite:
    """The suite with all its parts running, whatever the test before has killed."""
    make_whole(broken_suite)
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

"""A short soak: random lives of companies in which nothing is lost, and which end as if nothing had been merged."""

import pytest

from services.local.suite import Suite
from tests.system.soak.machine import run

STEPS, OF_A_LIFE, SEED = 240, 60, 1


@pytest.mark.timeout(600)
def test_random_lives_lose_nothing_and_undoing_every_merge_restores_everyone(suite: Suite) -> None:
    counts = run(suite, STEPS, OF_A_LIFE, SEED, lambda _: None, shrink=False)  # `make soak` looks for the fewest steps
    assert counts["steps"] >= STEPS
    assert counts["merges done"] > STEPS // 20
    assert counts["digests that were the same after an undo"] > STEPS // 20

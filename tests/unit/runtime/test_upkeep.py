"""Work that comes round again."""

import threading
from collections.abc import Iterator

import pytest

from services.runtime.upkeep import BATCH, Upkeep

LONG_S = 90.0


class Trial(Upkeep):
    """Fails in its first rounds, and says when it has done three."""

    def __init__(self) -> None:
        super().__init__(every_s=0.001)
        self.rounds = 0
        self.third = threading.Event()

    def round(self) -> None:
        self.rounds += 1
        if self.rounds < 3:
            raise RuntimeError("a batch failed")
        self.third.set()


@pytest.fixture
def trial() -> Iterator[Trial]:
    made = Trial()
    yield made
    made.stop()


def test_a_round_that_fails_is_followed_by_another_one(trial: Trial) -> None:
    trial.start()
    assert trial.third.wait(LONG_S)


def test_batches_are_repeated_until_one_is_not_full(trial: Trial) -> None:
    batches = iter([BATCH, BATCH, 7, BATCH])
    assert trial.every_batch(lambda: next(batches)) == 2 * BATCH + 7


def test_no_batch_begins_once_it_is_to_stop(trial: Trial) -> None:
    trial.stopping.set()
    assert trial.every_batch(lambda: BATCH) == 0


def test_what_was_never_started_can_be_stopped(trial: Trial) -> None:
    trial.stop()
    assert trial.rounds == 0

"""Work beside the calls: it begins when it is woken, goes on after what fails, and ends when it is told to."""

import threading
from collections.abc import Iterator

import pytest

from services.runtime.worker import Worker

LONG_S, LONGER_S = 90.0, 3_600.0


class Unhurried(threading.Event):
    """Notes how long somebody waits for it, and lets them go on at once."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


class Trial(Worker):
    """Fails as often as it is told; counts how often it looks for work."""

    def __init__(self) -> None:
        super().__init__("trial", "trials have to wait")
        self.stopping = self.rests = Unhurried()
        self.fails = 0
        self.looks = threading.Semaphore(0)
        self.is_clean = False

    def work(self) -> None:
        while not self.stopping.is_set():
            if self.fails:
                self.fails -= 1
                raise RuntimeError("somebody is away")
            self.went_well()
            self.looks.release()
            self.sleep(LONGER_S)

    def clean_up(self) -> None:
        self.is_clean = True


@pytest.fixture
def trial() -> Iterator[Trial]:
    made = Trial()
    yield made
    made.stop()


def looked(trial: Trial) -> bool:
    return trial.looks.acquire(timeout=LONG_S)


def assert_rests(trial: Trial, longest_s: list[float]) -> None:
    """Each rest is half as long as it may be or longer, by chance."""
    for waited, longest in zip(trial.rests.waits, longest_s, strict=True):
        assert waited is not None
        assert longest / 2 <= waited <= longest


def test_it_looks_at_once_and_whenever_it_is_woken(trial: Trial) -> None:
    trial.start()
    assert looked(trial)
    trial.wake()
    assert looked(trial)


def test_who_wakes_it_while_it_works_is_not_forgotten(trial: Trial) -> None:
    trial.wake()
    trial.start()
    assert looked(trial)
    assert looked(trial)


def test_after_what_fails_it_goes_on_with_longer_rests_until_something_went_well(trial: Trial) -> None:
    trial.fails = 7
    trial.start()
    assert looked(trial)
    assert_rests(trial, [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0])
    trial.rests.waits.clear()
    trial.fails = 1
    trial.wake()
    assert looked(trial)
    assert_rests(trial, [0.25])


def test_it_stops_from_its_sleep_and_puts_away_what_it_holds(trial: Trial) -> None:
    trial.start()
    assert looked(trial)
    trial.stop()
    assert trial.is_clean


def test_what_was_never_started_can_be_stopped_too(trial: Trial) -> None:
    trial.stop()
    assert not trial.looks.acquire(blocking=False)

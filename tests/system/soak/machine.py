"""The life of companies as a state machine of hypothesis: any steps in any order, and the fewest that fail."""

from __future__ import annotations

import math
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from services.local.suite import Suite
from tests.system.soak.looking import Databases
from tests.system.soak.side import Step
from tests.system.soak.story import KINDS, Story

NUMBERS = st.integers(0, 59)
STEPS = st.builds(Step, st.sampled_from(KINDS), st.sampled_from([0, 0, 0, 1]), NUMBERS, NUMBERS, NUMBERS, NUMBERS)


def run(
    suite: Suite,
    steps: int,
    of_a_life: int,
    first_seed: int,
    told: Callable[[Counter[str]], None],
    shrink: bool = True,
) -> Counter[str]:
    """Plays at least so many steps, in lives of so many each; gives the counts. A failure shows its fewest steps."""
    databases, counts = Databases(suite), Counter[str]()
    try:
        number = first_seed
        while counts["steps"] < steps:
            left = steps - counts["steps"]
            _run_some(_machine(suite, databases, counts, told, number), math.ceil(left / of_a_life), of_a_life, shrink)
            number += 1
    finally:
        databases.close()
    return counts


@contextmanager
def _told_once(counts: Counter[str]) -> Iterator[None]:
    """Shows the first failure at once: to find its fewest steps takes minutes."""
    try:
        yield
    except Exception:
        if not counts["failures"]:
            sys.stderr.write(f"{traceback.format_exc()}\nThe fewest steps that fail so are looked for.\n")
        counts["failures"] += 1
        raise


def _run_some(machine: type[RuleBasedStateMachine], lives: int, of_a_life: int, shrink: bool) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=lives,
            stateful_step_count=of_a_life,
            deadline=None,
            database=None,
            print_blob=True,
            verbosity=Verbosity.normal,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def _machine(
    suite: Suite, databases: Databases, counts: Counter[str], told: Callable[[Counter[str]], None], number: int
) -> type[RuleBasedStateMachine]:
    class Life(RuleBasedStateMachine):
        """One life of some companies."""

        def __init__(self) -> None:
            super().__init__()
            self.story = Story(suite, databases, counts)

        @rule(step=STEPS)
        def play(self, step: Step) -> None:
            with _told_once(counts):
                self.story.play(step)
            told(counts)

        def teardown(self) -> None:
            with _told_once(counts):
                self.story.end()

    return seed(number)(Life)

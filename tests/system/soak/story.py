"""A life of some companies: steps are played one after another, and in the end every merge is undone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.faults.company import company_of
from tests.faults.proofs import (
    assert_conversations_are_fed_and_counted,
    assert_each_revision_was_fed_once,
    assert_figures_are_a_recount,
    assert_mirrors_agree,
    assert_no_half_merge,
    assert_views_fold,
)
from tests.system.soak import chat_deeds, child_deeds, merge_deeds, record_deeds
from tests.system.soak.looking import Databases, look
from tests.system.soak.side import Done, Side, Step

COMPANIES = 2
DEEDS: Mapping[str, tuple[int, Callable[[Side, Step], Done]]] = {
    "create": (6, record_deeds.create),
    "import row": (3, record_deeds.import_row),
    "edit": (6, record_deeds.edit),
    "tag": (3, record_deeds.tag),
    "consent": (3, record_deeds.consent),
    "put away": (3, record_deeds.put_away),
    "note": (6, child_deeds.note),
    "talk": (5, child_deeds.talk),
    "link": (4, child_deeds.link),
    "chat": (3, chat_deeds.chat),
    "sell": (6, child_deeds.sell),
    "merge": (20, merge_deeds.merge),
    "batch": (4, merge_deeds.batch),
    "undo": (14, merge_deeds.undo),
    "judge": (2, merge_deeds.judge),
    "retract": (2, merge_deeds.retract),
}
"""What can be done, and how often it is beside the others."""
TRESPASS = "trespass"
MOVING = {"merge", "batch", "undo", "link", "put away"}
"""What changes whom children are shown under; after the others callers are asked now and then."""
SELDOM = 4
FEWEST_CUSTOMERS = 5
KINDS = [kind for kind, (often, _) in DEEDS.items() for _ in range(often)] + [TRESPASS]


class Story:
    """Plays steps on companies of its own. `counts` are of all stories of a suite."""

    def __init__(self, suite: Suite, databases: Databases, counts: Counter[str]) -> None:
        self._databases = databases
        self._open = ExitStack()
        self._counts = counts
        self._failed = False
        companies = [self._open.enter_context(company_of(suite, f"soak-{new_id()}")) for _ in range(COMPANIES)]
        self.sides = {company.id: Side(company) for company in companies}
        for side in self.sides.values():
            chat_deeds.by_hand_alone(side)

    def play(self, step: Step) -> None:
        """Does one thing and looks at everything."""
        self._counts["steps"] += 1
        self._counts[step.kind] += 1
        sides = list(self.sides.values())
        side = sides[step.company % COMPANIES]
        try:
            self._do(side, step, sides[(step.company + 1) % COMPANIES])
        except BaseException:
            self._failed = True
            raise

    def end(self) -> None:
        """Undoes every merge that stands, in any order, and looks at the whole once more."""
        try:
            if not self._failed:
                for side in self.sides.values():
                    self._take_all_apart(side)
                    self._prove(side)
                    self._counts["digests that were the same after an undo"] += side.compared
                self._counts["lives"] += 1
        finally:
            self._open.close()

    def _do(self, side: Side, step: Step, other: Side) -> None:
        standing = set(side.model.standing)
        done = self._deed(side, step, other)
        self._counts["merges done"] += len(set(side.model.standing) - standing)
        self._counts["undos done"] += len(standing - set(side.model.standing))
        closely = step.kind in MOVING or self._counts["steps"] % SELDOM == 0
        look(self._databases, self.sides, side, done, closely=closely)

    def _deed(self, side: Side, step: Step, other: Side) -> Done:
        if len(side.model.customers) < FEWEST_CUSTOMERS:
            return record_deeds.create(side, step)
        return merge_deeds.trespass(side, step, other) if step.kind == TRESPASS else DEEDS[step.kind][1](side, step)

    def _take_all_apart(self, side: Side) -> None:
        merges = sorted(side.model.standing.values(), key=lambda merged: merged.merge_id)
        random.Random(len(merges)).shuffle(merges)
        for merged in merges:
            done = merge_deeds.take_apart(side, merged, decided=False)
            look(self._databases, self.sides, side, done, closely=True)
        assert side.model.roots() == side.model.customers
        look(self._databases, self.sides, side, Done(side.model.customers), closely=True)

    def _prove(self, side: Side) -> None:
        for proof in (
            assert_no_half_merge,
            assert_views_fold,
            assert_each_revision_was_fed_once,
            assert_conversations_are_fed_and_counted,
            assert_mirrors_agree,
            assert_figures_are_a_recount,
        ):
            proof(side.company)

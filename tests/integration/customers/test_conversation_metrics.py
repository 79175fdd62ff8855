"""The figures of conversations: right after every change, of trees too, and equal to a recount whatever happens."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.customers.domain.conversation import Interaction
from services.customers.domain.conversation_metrics import ConversationMetrics
from services.customers.operations.link_conversation import link_conversation
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.conversing import START, Talks, assert_figures_are_a_recount, minute, turn

READ_WHOLE = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'conversation_metrics'"
NOTHING = ConversationMetrics(0, 0, 0, None, None)
DEEDS = (
    "record", "record", "append", "append", "link", "unlink", "delete", "merge", "merge", "undo", "orphan", "again"
)  # fmt: skip


@pytest.fixture
def talks(acme: Company) -> Talks:
    return Talks(acme)


def test_a_customer_without_conversations_has_no_figures(acme: Company, talks: Talks) -> None:
    assert talks.metrics(acme.create("Ann")) == NOTHING
    assert NOTHING.average_interaction_length == 0


def test_figures_are_right_after_each_insert_update_and_delete(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    first = talks.record("s1", turn("hello", at=minute(5)), customer=ann)
    assert talks.metrics(ann) == ConversationMetrics(1, 1, 5, minute(5), minute(5))
    talks.append(first, turn("émoji 😀", "ok", at=minute(9)))
    assert talks.metrics(ann) == ConversationMetrics(1, 2, 14, minute(5), minute(9))
    assert talks.metrics(ann).average_interaction_length == 7
    second = talks.record("s2", at=minute(1))
    assert talks.metrics(ann).conversations == 1
    talks.link(second, ann)
    assert talks.metrics(ann) == ConversationMetrics(2, 2, 14, minute(1), minute(9))
    talks.unlink(first)
    assert talks.metrics(ann) == ConversationMetrics(1, 0, 0, minute(1), minute(1))
    talks.delete(second)
    assert talks.metrics(ann) == NOTHING


def test_figures_are_found_by_indexes_also_where_that_was_planned_when_there_were_none(
    acme: Company, talks: Talks
) -> None:
    ann, conversation = acme.create("Ann"), talks.record("s", turn("hi"))
    with acme.admin() as connection:
        connection.execute("ANALYZE conversation_metrics")
    with acme.transaction() as tx:
        link_conversation(tx, conversation, ann)
        assert tx.value(READ_WHOLE) == 0


def test_figures_of_a_tree_are_the_sum_and_each_side_has_its_own_again_after_an_undo(
    acme: Company, talks: Talks
) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    talks.record("a", turn("aa", at=minute(1)), customer=ann)
    talks.record("b", turn("bbb", at=minute(2)), customer=bo)
    talks.record("c", turn("cccc", at=minute(3)), customer=cy)
    first = acme.merge(bo, cy).merge.merge_id
    second = acme.merge(ann, bo).merge.merge_id
    whole = ConversationMetrics(3, 3, 9, minute(1), minute(3))
    assert [talks.metrics(one) for one in (ann, bo, cy)] == [whole] * 3
    assert talks.of(cy) == ["c", "b", "a"]
    assert_figures_are_a_recount(acme)
    late = talks.record("d", turn("d", at=minute(4)), customer=cy)
    assert talks.metrics(ann).conversations == 4
    acme.undo(first)
    assert talks.metrics(ann) == ConversationMetrics(2, 2, 5, minute(1), minute(2))
    assert talks.metrics(cy) == ConversationMetrics(2, 2, 5, minute(3), minute(4))
    assert talks.get(late)["origin_customer_id"] == cy
    acme.undo(second)
    assert talks.metrics(bo) == ConversationMetrics(1, 1, 3, minute(2), minute(2))
    assert_figures_are_a_recount(acme)


def test_an_undo_restores_the_digests_although_conversations_were_read_through_the_root(
    acme: Company, talks: Talks
) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    conversation = talks.record("s", turn("hi"), customer=bo)
    reverted = acme.undo(acme.merge(ann, bo).merge.merge_id)
    assert all(before == now for before, now in reverted.digests.values())
    merge = acme.merge(ann, bo).merge
    talks.append(conversation, turn("more"))
    digests = acme.undo(merge.merge_id).digests
    assert [member for member, (before, now) in digests.items() if before != now] == [bo]


def test_an_undo_lists_the_conversations_that_were_moved_since_the_merge(acme: Company, talks: Talks) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    before = talks.record("before", customer=bo)
    talks.unlink(before)
    merge = acme.merge(ann, bo).merge.merge_id
    talks.link(before, bo)
    talks.link(before, ann)
    talks.record("new", customer=bo)
    assert [(edit.customer_id, edit.field) for edit in acme.undo(merge).later_edits] == [
        *[(bo, "conversations")],
        *sorted([(ann, "conversations"), (bo, "conversations")]),
    ]


def test_a_record_is_not_changed_by_its_conversations(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    before = acme.shown(ann)
    talks.record("s", turn("hi"), customer=ann)
    assert acme.shown(ann) == before
    audited = acme.rows("SELECT action FROM audit_log WHERE table_name = 'customers' AND record_id = %s", ann)
    assert [row["action"] for row in audited] == ["INSERT"]


def test_conversations_and_merges_at_once_are_counted_right(acme: Company, talks: Talks) -> None:
    customers = [acme.create(f"C{number}") for number in range(6)]
    kept = [talks.record(f"kept {number}", turn("hi"), customer=one) for number, one in enumerate(customers)]

    def converse(place: int) -> Callable[[], None]:
        def work() -> None:
            dice = random.Random(place)
            for number in range(4):
                conversation = talks.record(f"{place} {number}", turn("a"), customer=dice.choice(customers))
                talks.append(conversation, turn("b"))
                talks.link(kept[place], dice.choice(customers))
                talks.delete(conversation) if dice.random() < 0.3 else talks.unlink(conversation)

        return work

    def rejoin(place: int) -> Callable[[], None]:
        def work() -> None:
            for _ in range(5):
                merge = acme.merge(customers[2 * place], customers[2 * place + 1]).merge.merge_id
                acme.undo(merge)

        return work

    assert failures(at_once(*map(converse, range(4)), *map(rejoin, range(3)))) == []
    assert_figures_are_a_recount(acme)


def test_a_figure_that_drifted_is_found(acme: Company, talks: Talks) -> None:
    ann, bo = sorted([acme.create("Ann"), acme.create("Bo")])
    talks.record("s", turn("hi", at=minute(1)), customer=bo)
    with acme.admin() as connection:
        connection.execute("UPDATE conversation_metrics SET interactions = 7")
    first = talks.verified(1)
    assert (first.checked, first.drifts) == (1, [])
    [drift] = talks.verified(1, first.next_page_token).drifts
    assert drift.customer_id == bo
    assert (drift.kept.interactions, drift.counted.interactions) == (7, 1)
    assert ann not in {drift.customer_id}


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), deeds=st.lists(st.sampled_from(DEEDS), min_size=5, max_size=30))
def test_whatever_is_done_in_whatever_order_the_figures_are_a_recount(
    acme: Company, seed: int, deeds: Sequence[str]
) -> None:
    world = World(Talks(acme), random.Random(seed))
    for deed in deeds:
        getattr(world, deed)()
    assert_figures_are_a_recount(acme)


class World:
    """A few customers of whom anything may be said, merged or undone."""

    def __init__(self, talks: Talks, dice: random.Random) -> None:
        self.talks, self.dice, self.acme = talks, dice, talks.company
        self.customers = [self.acme.create(f"C{number}") for number in range(5)]
        self.sessions: list[str] = []
        self.merges: list[str] = []
        self.recorded = 0

    def record(self, **more: str) -> None:
        self.recorded += 1
        session = f"{self.customers[0]} {self.recorded}"
        turns = [self._turn() for _ in range(self.dice.randrange(3))]
        self.talks.record(session, *turns, at=self._time(), **{"customer": self._customer(), **more})
        self.sessions.append(session)

    def orphan(self) -> None:
        self.record(customer="")

    def again(self) -> None:
        self.recorded += 1
        self._on(lambda session: self.talks.record(session, replace(self._turn(), number=900_000 - self.recorded)))

    def append(self) -> None:
        self._on(lambda session: self.talks.append(self._id(session), self._turn(), self._turn()))

    def link(self) -> None:
        self._on(lambda session: self.talks.link(self._id(session), self._customer()))

    def unlink(self) -> None:
        self._on(lambda session: self.talks.unlink(self._id(session)))

    def delete(self) -> None:
        def gone(session: str) -> None:
            self.talks.delete(self._id(session))
            self.sessions.remove(session)

        self._on(gone)

    def merge(self) -> None:
        roots = sorted({self.acme.tree(one).root.customer_id for one in self.customers})
        if len(roots) > 1:
            target, *sources = self.dice.sample(roots, self.dice.randrange(2, min(len(roots), 3) + 1))
            self.merges.append(self.acme.merge(target, *sources).merge.merge_id)

    def undo(self) -> None:
        if self.merges:
            self.acme.undo(self.merges.pop(self.dice.randrange(len(self.merges))))

    def _on(self, deed: Callable[[str], object]) -> None:
        if self.sessions:
            deed(self.dice.choice(self.sessions))

    def _id(self, session: str) -> str:
        return str(self.talks.get(session=session)["conversation_id"])

    def _turn(self) -> Interaction:
        return turn("a" * self.dice.randrange(1, 9), "b" * self.dice.randrange(9), at=self._time())

    def _time(self) -> datetime:
        return START + timedelta(minutes=self.dice.randrange(-50, 50))

    def _customer(self) -> str:
        return self.dice.choice(self.customers)

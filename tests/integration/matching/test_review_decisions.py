"""Decisions on review items: what follows from each, who wins of two, what comes back and what stays decided."""

from threading import Barrier, Thread

import pytest

from services.matching.domain.failures import ResolutionUnfit, ReviewItemClosed, ReviewItemNotFound
from services.matching.domain.resolution import Decision, merge_of
from services.matching.domain.review_item import (
    MERGE_UNDONE,
    NAME_ALONE,
    PAIR,
    SEVERAL_MATCHES,
    ItemEvidence,
    NewItem,
    ReviewItem,
)
from services.matching.operations.follow_undo import follow_undo
from services.matching.operations.get_review_item import past_resolutions
from services.matching.operations.list_judgements import list_judgements
from services.matching.operations.open_review_items import conversation_item, open_review_items
from services.matching.operations.resolve_review_item import resolve_by_judgement
from services.matching.operations.retract_judgement import retract_judgement
from services.matching.store import review_items
from services.runtime.failures import EtagMismatch, FieldsInvalid
from services.runtime.ids import new_id
from tests.integration.matching.people import Company, change, customer_id, ids, undone
from tests.integration.matching.reviewing import SHARED, Queue, numbers_of, person

OTHER = {"phone": "+1 415 555 0101"}
CONVERSATION_ID = "01930000-0000-7000-8000-0000000000c1"


@pytest.fixture
def queue(company: Company) -> Queue:
    """A scanned company: two that share a phone (1, 2), three that share another one (3, 4, 5), strangers (6, 7)."""
    queue = Queue(company)
    queue.settle()
    company.follow(
        *[change(number, **person(number, **SHARED)) for number in (1, 2)],
        *[change(number, **person(number, **OTHER)) for number in (3, 4, 5)],
        *[change(number, **person(number)) for number in (6, 7)],
    )
    company.scan()
    return queue


def only(queue: Queue, kind: str) -> ReviewItem:
    [item] = queue.items(kind=kind)
    return item


def judged(queue: Queue) -> set[tuple[str, frozenset[str]]]:
    found = queue.write(lambda tx: list_judgements(tx, "", False, 100, "")).judgements
    return {(one.verdict, frozenset((one.left_id, one.right_id))) for one in found}


def verdicts(verdict: str, *pairs: tuple[int, int]) -> set[tuple[str, frozenset[str]]]:
    return {(verdict, frozenset(ids(*pair))) for pair in pairs}


@pytest.mark.parametrize("resolution", ["DIFFERENT", "SAME", "UNSURE"])
def test_a_decision_is_kept_with_who_and_why_and_judges_the_pair(queue: Queue, resolution: str) -> None:
    item, judgements = queue.decide(only(queue, PAIR), resolution, reason="called both")
    assert (item.state, item.outcome, item.reason) == ("RESOLVED", resolution, "called both")
    assert (item.ended_by, item.ended_by_name) == ("ann", "Ann")
    assert judged(queue) == verdicts(resolution, (1, 2))
    assert len(judgements) == 1
    assert queue.items(kind=PAIR) == []
    queue.company.scan()
    assert queue.items(kind=PAIR) == []


def test_all_pairs_of_a_group_are_different_or_one_is_named_that_is_not_the_others(queue: Queue) -> None:
    queue.decide(only(queue, "GROUP"), "DIFFERENT", 5)
    assert judged(queue) == verdicts("DIFFERENT", (3, 5), (4, 5))
    queue.company.tend()
    [pair] = [one for one in queue.items() if numbers_of(one) == {3, 4}]
    queue.decide(pair, "DIFFERENT")
    assert judged(queue) == verdicts("DIFFERENT", (3, 5), (4, 5), (3, 4))


def test_all_of_a_group_are_the_same_or_those_that_are_named(queue: Queue) -> None:
    queue.decide(only(queue, "GROUP"), "SAME")
    assert judged(queue) == verdicts("SAME", (3, 4), (3, 5))
    queue.company.scan()
    assert queue.items(kind="GROUP") == []


def test_who_is_named_must_be_of_the_item_and_leave_somebody(queue: Queue) -> None:
    group = only(queue, "GROUP")
    for resolution, named in (("DIFFERENT", (7,)), ("DIFFERENT", (3, 4, 5)), ("SAME", (3,))):
        with pytest.raises(FieldsInvalid):
            queue.decide(group, resolution, *named)
    assert queue.item(group.item_id).state == "OPEN"
    assert judged(queue) == set()


def test_unsure_stays_out_of_the_queue_until_the_evidence_changes(queue: Queue) -> None:
    queue.decide(only(queue, PAIR), "UNSURE")
    queue.settle(accept=96)
    queue.company.scan()
    assert queue.items(kind=PAIR) == [], "that weights were learned anew is no news"
    queue.company.follow(change(1, 2, **{**person(1, **SHARED), "name": person(2)["name"]}))
    queue.company.tend()
    item = only(queue, PAIR)
    assert item.outcome == ""
    past = queue.write(lambda tx: past_resolutions(tx, item.item_id))
    assert [(one.resolution, one.actor) for one in past] == [("UNSURE", "ann")]


def test_what_was_decided_comes_up_again_when_its_judgement_is_retracted(queue: Queue) -> None:
    item, [judgement_id] = queue.decide(only(queue, PAIR), "DIFFERENT")
    queue.write(lambda tx: retract_judgement(tx, judgement_id, "a mistake"))
    queue.company.tend()
    assert only(queue, PAIR).item_id == item.item_id


def test_a_second_decision_is_refused(queue: Queue) -> None:
    item = only(queue, PAIR)
    queue.decide(item, "DIFFERENT")
    with pytest.raises(ReviewItemClosed) as failure:
        queue.decide(item, "SAME")
    assert failure.value.metadata == {"item_id": item.item_id, "state": "RESOLVED", "outcome": "DIFFERENT"}
    for item_id in (new_id(), "x"):
        with pytest.raises(ReviewItemNotFound):
            queue.write(lambda tx, one=item_id: resolve_by_judgement(tx, Decision(one, "SAME")))  # type: ignore[misc]


def test_of_two_at_once_one_wins(queue: Queue) -> None:
    item, start, outcomes = only(queue, PAIR), Barrier(2), []

    def decide(resolution: str) -> None:
        start.wait()
        try:
            outcomes.append(queue.decide(item, resolution)[0].outcome)
        except ReviewItemClosed as closed:
            outcomes.append(f"closed: {closed.metadata['outcome']}")

    people = [Thread(target=decide, args=(resolution,)) for resolution in ("SAME", "DIFFERENT")]
    for one in people:
        one.start()
    for one in people:
        one.join()
    won = queue.item(item.item_id).outcome
    assert sorted(outcomes) == sorted([won, f"closed: {won}"])
    assert judged(queue) == verdicts(won, (1, 2))


def test_an_item_that_has_changed_since_it_was_seen_is_not_decided(queue: Queue) -> None:
    item = only(queue, PAIR)
    queue.company.follow(change(1, 2, **{**person(1, **SHARED), "name": person(2)["name"]}))
    queue.company.tend()
    with pytest.raises(EtagMismatch) as failure:
        queue.decide(item, "SAME", etag=item.etag)
    assert failure.value.metadata == {"etag": only(queue, PAIR).etag}
    assert queue.decide(item, "SAME", etag=only(queue, PAIR).etag)[0].outcome == "SAME"


def test_a_merge_takes_those_that_are_named_into_the_target(queue: Queue) -> None:
    group = only(queue, "GROUP")

    def ends(*named: int, target: int = 4) -> tuple[str, tuple[str, ...]]:
        names = tuple(customer_id(one) for one in named)
        return merge_of(group, Decision(group.item_id, "MERGED", customer_id(target), names))

    assert ends() == (customer_id(4), (customer_id(3), customer_id(5)))
    assert ends(5) == (customer_id(4), (customer_id(5),))
    with pytest.raises(ResolutionUnfit):
        ends(4)
    with pytest.raises(FieldsInvalid):
        ends(target=7)


def opened(queue: Queue, *numbers: int, cause: str) -> ReviewItem:
    customers = tuple(customer_id(one) for one in numbers)
    asked = conversation_item(CONVERSATION_ID, customers, cause, ItemEvidence(75))
    return queue.item(queue.write(lambda tx: open_review_items(tx, [asked])[CONVERSATION_ID]))


def test_a_conversation_that_fits_two_is_decided_of_them(queue: Queue) -> None:
    item = opened(queue, 6, 7, cause=SEVERAL_MATCHES)
    assert (item.conversation_id, item.cause, numbers_of(item)) == (CONVERSATION_ID, SEVERAL_MATCHES, {6, 7})
    assert queue.decide(item, "DIFFERENT")[0].state == "RESOLVED"
    assert judged(queue) == verdicts("DIFFERENT", (6, 7))
    assert opened(queue, 6, 7, cause=SEVERAL_MATCHES).state == "RESOLVED", "nothing new is known"
    assert opened(queue, 6, cause=NAME_ALONE).state == "OPEN"


def test_a_conversation_of_a_name_alone_is_decided_without_a_judgement(queue: Queue) -> None:
    item = opened(queue, 6, cause=NAME_ALONE)
    with pytest.raises(ResolutionUnfit):
        merge_of(item, Decision(item.item_id, "MERGED", customer_id(6)))
    assert queue.decide(item, "DIFFERENT")[0].state == "RESOLVED"
    assert judged(queue) == set()


def test_a_conversation_waits_for_customers_too_new_to_be_known_and_ends_with_them(queue: Queue) -> None:
    item = opened(queue, 8, cause=NAME_ALONE)
    assert item.customers[0].root_id is None
    queue.company.follow(change(8, **person(8)))
    assert queue.item(item.item_id).customers[0].name == person(8)["name"]
    queue.company.follow(change(8, 2, state="DELETED"))
    assert queue.item(item.item_id).outcome == "DELETED"
    queue.company.follow(change(8, 3, **person(8)))
    assert queue.item(item.item_id).state == "OPEN"


def test_unsure_about_a_conversation_ends_no_judgement_of_those_that_it_fits(queue: Queue) -> None:
    queue.judge(6, 7, "DIFFERENT")
    queue.decide(opened(queue, 6, 7, cause=SEVERAL_MATCHES), "UNSURE")
    assert judged(queue) == verdicts("DIFFERENT", (6, 7))


def test_an_undo_left_undecided_waits_and_a_scan_keeps_it_one_item(queue: Queue) -> None:
    undone = NewItem(MERGE_UNDONE, (customer_id(1), customer_id(2)), merge_id=new_id())
    queue.write(lambda tx: review_items.open_items(tx, [undone]))
    queue.company.scan()
    item = only(queue, MERGE_UNDONE)
    assert (numbers_of(item), item.evidence.confidence, item.merge_id) == ({1, 2}, 90, undone.merge_id)
    assert queue.items(kind=PAIR) == []
    queue.decide(item, "DIFFERENT")
    assert judged(queue) == verdicts("DIFFERENT", (1, 2))


def test_the_figures_say_what_waits_who_decided_and_how_right_the_engine_was(queue: Queue) -> None:
    before = queue.stats()
    assert [(one.kind, one.band, one.items) for one in before.open] == [("GROUP", 90, 1), ("PAIR", 90, 1)]
    assert (before.open_items, before.partial, before.by_resolution) == (2, False, [])
    assert before.oldest == min(item.opened_at for item in queue.items())
    queue.decide(only(queue, PAIR), "DIFFERENT")
    queue.actor = "bo"
    queue.decide(only(queue, "GROUP"), "SAME")
    queue.decide(opened(queue, 6, cause=NAME_ALONE), "UNSURE")
    after = queue.stats()
    assert (after.open, after.open_items, after.oldest) == ([], 0, None)
    assert after.by_resolution == [("DIFFERENT", 1), ("SAME", 1), ("UNSURE", 1)]
    assert sorted(after.by_actor) == [
        ("DIFFERENT", "ann", "Ann", 1), ("SAME", "bo", "Bo", 1), ("UNSURE", "bo", "Bo", 1)
    ]  # fmt: skip
    [band] = after.agreement
    assert (band.band, band.said_same, band.said("DIFFERENT"), band.mean_confidence) == (90, 1, 1, 90.0)


def test_an_undo_that_is_left_undecided_is_asked_once(queue: Queue) -> None:
    told = undone(5, 6, 7, left_undecided=True)
    for _ in range(2):
        queue.write(lambda tx: follow_undo(tx, told))
    items = queue.items(kind=MERGE_UNDONE)
    assert sorted(sorted(numbers_of(one)) for one in items) == [[5, 6], [5, 7]]
    for item in items:
        queue.decide(item, "DIFFERENT")
    queue.write(lambda tx: follow_undo(tx, told))
    assert queue.items(kind=MERGE_UNDONE) == []


def test_an_undo_that_is_followed_after_its_question_leaves_it_open(queue: Queue) -> None:
    queue.write(lambda tx: follow_undo(tx, undone(1, 2, left_undecided=True)))
    queue.merge(1, 2, 2)
    assert queue.items(kind=MERGE_UNDONE) == []
    queue.undo(1, 2, 3)
    assert numbers_of(only(queue, MERGE_UNDONE)) == {1, 2}

"""What follows from an undone merge: once, by the call or by the feed, whichever comes first, and for good."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.matching.domain.judgement import LONGEST_REASON, Judgement
from services.matching.domain.review_item import MERGE_UNDONE
from services.matching.domain.undone_merge import UndoneMerge
from services.matching.operations.follow_undo import follow_undo
from services.matching.operations.list_judgements import list_judgements
from services.matching.operations.retract_judgement import retract_judgement
from services.runtime.database import Transaction
from tests.integration.matching.people import Company, change, customer_id, undoing, undone
from tests.integration.matching.reviewing import Queue, numbers_of, person


@pytest.fixture
def queue(company: Company) -> Queue:
    """Four customers of whom the second was merged into the first."""
    queue = Queue(company)
    company.follow(*(change(one, **person(one)) for one in range(1, 5)))
    queue.merge(1, 2, 2)
    return queue


def told(queue: Queue, *merges: UndoneMerge, revision: int = 3) -> None:
    """The feed tells that the first two customers are two again, each with all these merges one after the other."""
    for merge in merges:
        changes = [change(one, revision, **person(one)) for one in (1, 2)]
        queue.company.follow(*undoing(merge, *changes))


def done(queue: Queue, merge: UndoneMerge) -> bool:
    """What the call that undoes does itself."""
    return queue.write(lambda tx: follow_undo(tx, merge))


def judgements(queue: Queue, *, retracted: bool = False) -> Sequence[Judgement]:
    return queue.write(lambda tx: list_judgements(tx, "", retracted, 100, "")).judgements


def left(queue: Queue) -> list[str]:
    """The judgements and questions that undone merges have left."""
    judged = [one.judgement_id for one in judgements(queue, retracted=True)]
    return [*judged, *(item.item_id for item in queue.items(kind=MERGE_UNDONE))]


def test_the_feed_alone_judges_the_sides_as_whoever_undid_it(queue: Queue) -> None:
    merge = undone(1, 2, undo_reason="two persons")
    told(queue, merge)
    [judged] = judgements(queue)
    assert (judged.left_id, judged.right_id, judged.verdict) == (customer_id(1), customer_id(2), "DIFFERENT")
    assert (judged.author, judged.author_name, judged.merge_id) == ("bea", "Bea", merge.merge_id)
    assert judged.reason == "Their merge was undone: two persons"
    assert queue.items(kind=MERGE_UNDONE) == []


def test_the_longest_reason_of_an_undo_gives_a_judgement_whose_reason_is_no_longer_than_any(queue: Queue) -> None:
    told(queue, undone(1, 2, undo_reason="two persons, " * 38 + "really"))
    [judged] = judgements(queue)
    assert judged.reason.startswith("Their merge was undone: two persons, two persons, ")
    assert judged.reason.endswith("…")
    assert LONGEST_REASON - 2 <= len(judged.reason) <= LONGEST_REASON


def test_the_feed_alone_asks_where_it_was_left_open(queue: Queue) -> None:
    merge = undone(1, 2, left_undecided=True)
    told(queue, merge)
    [item] = queue.items(kind=MERGE_UNDONE)
    assert (numbers_of(item), item.merge_id) == ({1, 2}, merge.merge_id)
    assert judgements(queue) == []


@pytest.mark.parametrize("left_undecided", [False, True])
def test_whichever_of_call_and_feed_comes_first_counts_and_the_other_changes_nothing(
    queue: Queue, left_undecided: bool
) -> None:
    merge = undone(1, 2, left_undecided=left_undecided)
    assert done(queue, merge)
    before = left(queue)
    told(queue, merge)
    assert left(queue) == before
    assert not done(queue, merge)

    another = undone(3, 4, left_undecided=left_undecided)
    queue.company.follow(*undoing(another, change(3, 2, **person(3)), change(4, 2, **person(4))))
    before = left(queue)
    assert not done(queue, another)
    assert left(queue) == before
    assert len(left(queue)) == 2


def test_both_at_once_are_done_once_and_do_not_wait_for_each_other_for_ever(queue: Queue) -> None:
    merges = [undone(1, 2) for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        works: list[Future[bool] | Future[None]] = [threads.submit(done, queue, one) for one in merges]
        works += [threads.submit(told, queue, one, revision=place + 3) for place, one in enumerate(merges)]
        for work in works:
            work.result()
    assert len(judgements(queue)) == 1
    assert not any(done(queue, one) for one in merges)


def test_a_judgement_that_was_retracted_does_not_come_back_when_the_feed_is_read_again(queue: Queue) -> None:
    first, second = undone(1, 2), undone(1, 2)
    told(queue, first)
    told(queue, second)
    [judged] = judgements(queue)
    queue.write(lambda tx: retract_judgement(tx, judged.judgement_id, "a mistake"))
    told(queue, first, second)
    assert judgements(queue) == []


def test_a_question_that_was_answered_is_not_asked_again_when_the_feed_is_read_again(queue: Queue) -> None:
    first, second = undone(1, 2, left_undecided=True), undone(1, 2, left_undecided=True)
    told(queue, first, second)
    [item] = queue.items(kind=MERGE_UNDONE)
    queue.decide(item, "UNSURE")
    told(queue, first, second)
    assert queue.items() == []


def test_what_people_judged_after_the_undo_stays_when_the_feed_tells_of_it_late(queue: Queue) -> None:
    merge = undone(3, 4)
    queue.judge(3, 4, "SAME", "met them")
    queue.company.follow(*undoing(merge, change(3, 2, **person(3)), change(4, 2, **person(4))))
    assert [(one.verdict, one.reason) for one in judgements(queue, retracted=True)] == [("SAME", "met them")]


def test_an_undo_takes_the_place_of_what_was_judged_before_it(queue: Queue) -> None:
    queue.judge(3, 4, "SAME")
    merge = undone(3, 4)
    queue.company.follow(*undoing(merge, change(3, 2, **person(3)), change(4, 2, **person(4))))
    now, before = judgements(queue, retracted=True)
    assert (now.verdict, now.author) == ("DIFFERENT", "bea")
    assert (before.verdict, before.retracted_by, before.retracted_by_name) == ("SAME", "bea", "Bea")


@pytest.mark.parametrize("since", [{"state": "DELETED"}, {"state": "MERGED", "merged_into": 3}])
def test_nobody_is_asked_of_customers_that_are_gone_again_by_the_time_the_feed_is_read(
    queue: Queue, since: dict[str, object]
) -> None:
    merge = undone(1, 2, left_undecided=True)
    [back] = undoing(merge, change(2, 3, **person(2)))
    queue.company.follow(back, change(2, 4, **person(2), **since))
    assert queue.items() == []


@pytest.mark.parametrize(("repeated", "waits"), [(True, "off"), (False, "on")])
def test_only_the_call_whose_undo_the_feed_tells_again_does_not_wait_for_the_disk(
    queue: Queue, repeated: bool, waits: str
) -> None:
    def run(tx: Transaction) -> object:
        assert follow_undo(tx, undone(1, 2), repeated=repeated)
        return tx.value("SELECT current_setting('synchronous_commit')")

    assert queue.write(run) == waits


def test_a_feed_that_does_not_say_who_undid_it_leaves_it_to_the_call(queue: Queue) -> None:
    merge = undone(1, 2)
    changes = undoing(merge, change(1, 3, **person(1)), change(2, 3, **person(2)))
    for one in changes:
        one.merge.ClearField("undone_by")
    queue.company.follow(*changes)
    assert judgements(queue) == []
    assert done(queue, merge)


def test_a_merge_of_another_company_is_another_one(queue: Queue, other_company: Company) -> None:
    merge = replace(undone(1, 2), undone_at=datetime.now(UTC) - timedelta(seconds=1))
    told(queue, merge)
    other_company.follow(change(1), change(2))
    other = Queue(other_company)
    assert judgements(other) == []
    assert done(other, merge)
    assert len(judgements(other)) == len(judgements(queue)) == 1

"""Judgements as a whole: chains are checked, what contradicts is refused or raised, and survives all that happens."""

from threading import Barrier, Thread

import pytest

from services.matching.domain.failures import JudgedDifferent, JudgedSame, ResolutionUnfit
from services.matching.domain.review_item import ReviewItem
from services.matching.operations.follow_undo import follow_undo
from services.matching.operations.judged_apart import check_judged
from services.matching.operations.list_judgements import list_judgements
from services.matching.operations.retract_judgement import retract_judgement
from services.matching.operations.train_policy import train_policy
from tests.integration.matching.people import Company, change, customer_id, ids, undone
from tests.integration.matching.reviewing import SHARED, Queue, numbers_of, person, queue_of_strangers


@pytest.fixture
def queue(company: Company) -> Queue:
    return queue_of_strangers(company, 7)


def conflicts(queue: Queue) -> list[ReviewItem]:
    return queue.items(kind="CONFLICT")


def standing(queue: Queue) -> dict[frozenset[str], str]:
    found = queue.write(lambda tx: list_judgements(tx, "", False, 100, "")).judgements
    return {frozenset((one.left_id, one.right_id)): one.verdict for one in found}


def contradicted(queue: Queue) -> ReviewItem:
    """A merge (1 into 2) and its undo say DIFFERENT of two whom a chain joins: 1 - 3 - 2."""
    queue.judge(1, 3, "SAME")
    queue.judge(3, 2, "SAME")
    queue.write(lambda tx: follow_undo(tx, undone(1, 2)))
    [item] = conflicts(queue)
    return item


def test_same_is_refused_where_a_chain_of_same_meets_a_different(queue: Queue) -> None:
    queue.judge(1, 2, "SAME")
    queue.judge(2, 6, "SAME")
    different = queue.judge(7, 1, "DIFFERENT")
    with pytest.raises(JudgedDifferent) as failure:
        queue.judge(6, 7, "SAME")
    assert failure.value.metadata["judgement_ids"] == different.judgement_id
    assert conflicts(queue) == []


def test_different_is_refused_where_a_chain_says_the_same(queue: Queue) -> None:
    chain = [queue.judge(1, 2, "SAME"), queue.judge(2, 6, "SAME")]
    with pytest.raises(JudgedSame) as failure:
        queue.judge(6, 1, "DIFFERENT")
    assert set(failure.value.metadata["judgement_ids"].split(", ")) == {one.judgement_id for one in chain}
    assert queue.judge(2, 6, "DIFFERENT").verdict == "DIFFERENT", "the same pair is judged anew"


def test_chains_go_through_merged_trees(queue: Queue) -> None:
    queue.judge(1, 2, "SAME")
    queue.merge(4, 2, 2)
    with pytest.raises(JudgedSame):
        queue.judge(1, 4, "DIFFERENT")
    queue.undo(4, 2, 3)
    assert queue.judge(1, 4, "DIFFERENT").verdict == "DIFFERENT"


def test_an_undo_against_a_chain_is_a_conflict_in_front_of_people(queue: Queue) -> None:
    item = contradicted(queue)
    assert numbers_of(item) == {1, 2, 3}
    assert [one.customer_id for one in item.customers[:2]] == [customer_id(1), customer_id(2)]
    assert len(item.judgement_ids) == 3


def test_a_conflict_is_settled_for_different(queue: Queue) -> None:
    item = contradicted(queue)
    queue.decide(item, "DIFFERENT", reason="met both")
    assert standing(queue) == {frozenset(ids(1, 2)): "DIFFERENT"}
    assert conflicts(queue) == []


def test_a_conflict_is_settled_for_same(queue: Queue) -> None:
    item = contradicted(queue)
    queue.decide(item, "SAME")
    assert set(standing(queue).values()) == {"SAME"}
    assert queue.item(item.item_id).outcome == "SAME"


def test_a_conflict_ends_when_one_side_of_it_is_retracted(queue: Queue) -> None:
    item = contradicted(queue)
    queue.write(lambda tx: retract_judgement(tx, item.judgement_ids[1], ""))
    assert queue.item(item.item_id).outcome == "NO_CONFLICT"


def test_a_merge_that_brings_same_and_different_together_is_raised_and_its_undo_ends_it(queue: Queue) -> None:
    queue.judge(3, 5, "DIFFERENT")
    queue.judge(4, 5, "SAME")
    queue.merge(4, 3, 2)
    [item] = conflicts(queue)
    assert numbers_of(item) == {3, 4, 5}
    queue.undo(4, 3, 3)
    assert queue.item(item.item_id).outcome == "NO_CONFLICT"


def test_a_merge_of_those_who_are_different_is_raised_and_needs_an_undo_or_a_same(queue: Queue) -> None:
    different = queue.judge(3, 4, "DIFFERENT")
    queue.merge(4, 3, 2)
    [item] = conflicts(queue)
    assert item.judgement_ids == (different.judgement_id,)
    with pytest.raises(ResolutionUnfit):
        queue.decide(item, "DIFFERENT")
    assert queue.item(item.item_id).state == "OPEN"
    queue.decide(item, "SAME")
    assert standing(queue) == {}
    assert conflicts(queue) == []


def test_a_conflict_that_nobody_can_tell_stays_out_of_the_queue(queue: Queue) -> None:
    item = contradicted(queue)
    queue.decide(item, "UNSURE")
    queue.company.scan()
    assert conflicts(queue) == []
    queue.write(lambda tx: retract_judgement(tx, item.judgement_ids[1], ""))
    queue.judge(1, 4, "UNSURE")
    assert conflicts(queue) == []


def test_a_scan_finds_a_conflict_that_was_missed(queue: Queue) -> None:
    item = contradicted(queue)
    queue.write(lambda tx: tx.execute("DELETE FROM review_items"))
    queue.company.scan()
    [again] = conflicts(queue)
    assert again.judgement_ids == item.judgement_ids


def test_different_wins_over_same_in_a_scan_and_a_merge_while_it_is_a_conflict(queue: Queue) -> None:
    contradicted(queue)
    queue.company.scan()
    assert all(not ids(1, 2) <= group for group in queue.company.groups())
    with pytest.raises(JudgedDifferent):
        queue.write(lambda tx: check_judged(tx, [customer_id(1), customer_id(2)], ()))


def test_judgements_hold_when_the_same_customers_come_in_again(queue: Queue) -> None:
    shared = [change(number, 2, **person(number, **SHARED)) for number in (1, 2)]
    queue.company.follow(*shared)
    queue.judge(1, 2, "DIFFERENT")
    queue.judge(3, 4, "SAME")
    queue.company.follow(*shared, *[change(number, 3, **person(number, **SHARED)) for number in (1, 2)])
    queue.company.follow(*[change(one, 1, **person(one, **SHARED)) for one in range(1, 8)], epoch="e2")
    queue.company.tend()
    queue.company.scan()
    assert all(not ids(1, 2) <= group for group in queue.company.groups())
    assert any(ids(3, 4) <= group for group in queue.company.groups())
    assert all(numbers_of(item) != {1, 2} for item in queue.items())


def test_judgements_hold_when_the_weights_are_learned_anew(queue: Queue) -> None:
    queue.company.follow(*[change(number, 2, **person(number, **SHARED)) for number in (1, 2)])
    queue.judge(1, 2, "DIFFERENT")
    queue.judge(3, 4, "SAME")
    queue.write(lambda tx: train_policy(tx, dry_run=False))
    queue.company.run(queue.company.take_scan())
    queue.company.scan()
    assert [group for group in queue.company.groups() if group & ids(1, 2, 3, 4)] == [ids(3, 4)]
    assert queue.items(kind="PAIR") == []


def test_two_who_judge_the_two_ends_of_a_chain_at_once_cannot_contradict(queue: Queue) -> None:
    queue.judge(1, 2, "SAME")
    start, outcomes = Barrier(2), []

    def judge(left: int, right: int, verdict: str) -> None:
        start.wait()
        try:
            queue.judge(left, right, verdict)
            outcomes.append("judged")
        except (JudgedSame, JudgedDifferent) as refused:
            outcomes.append(refused.reason)

    people = [Thread(target=judge, args=one) for one in ((2, 3, "SAME"), (1, 3, "DIFFERENT"))]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert outcomes.count("judged") == 1
    assert len(outcomes) == 2
    assert conflicts(queue) == []


def test_a_conflict_of_another_company_is_nobody_elses(queue: Queue, other_company: Company) -> None:
    contradicted(queue)
    assert Queue(other_company).items() == []

"""Judgements are of groups: three who judge in any order, through merged ids and chains, cannot break one silently."""

from itertools import permutations, product
from threading import Barrier, Thread

import pytest

from services.matching.domain.failures import JudgedDifferent, JudgedSame
from services.matching.domain.judgement import Judged
from services.matching.domain.merge_run import Item, MergedSoFar, standing
from services.matching.operations.batch_merge import judged_apart_in
from services.matching.operations.create_judgement import create_judgement
from services.matching.operations.list_judgements import list_judgements
from services.matching.operations.retract_judgement import retract_judgement
from tests.integration.matching.people import Company, customer_id
from tests.integration.matching.reviewing import Queue, queue_of_strangers

SAID = ((1, 2, "SAME"), (2, 3, "SAME"), (1, 3, "DIFFERENT"))


@pytest.fixture
def queue(company: Company) -> Queue:
    return queue_of_strangers(company, 7)


def standing_verdicts(queue: Queue) -> list[str]:
    found = queue.write(lambda tx: list_judgements(tx, "", False, 100, "")).judgements
    return sorted(one.verdict for one in found)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("turned", list(product((False, True), repeat=3))[::7])
def test_of_two_same_and_a_different_the_last_is_refused_in_every_order(
    queue: Queue, order: tuple[int, ...], turned: tuple[bool, ...]
) -> None:
    said = [(right, left, verdict) if turn else (left, right, verdict)
            for (left, right, verdict), turn in zip(SAID, turned, strict=True)]  # fmt: skip
    *first, last = (said[place] for place in order)
    for left, right, verdict in first:
        queue.judge(left, right, verdict)
    with pytest.raises(JudgedSame if last[2] == "DIFFERENT" else JudgedDifferent):
        queue.judge(*last)
    assert standing_verdicts(queue) == sorted(verdict for _, _, verdict in first)
    assert queue.items(kind="CONFLICT") == []


def test_a_judgement_on_merged_ids_is_one_on_their_trees(queue: Queue) -> None:
    queue.merge(4, 1, 2)
    queue.merge(5, 3, 2)
    queue.judge(1, 3, "DIFFERENT")
    for left, right in ((4, 5), (1, 5), (4, 3)):
        with pytest.raises(JudgedDifferent):
            queue.judge(left, right, "SAME")
    queue.undo(4, 1, 3)
    assert queue.judge(4, 5, "SAME").verdict == "SAME", "it was said of the one who has left"


def test_a_different_inside_a_group_of_three_forbids_their_merge_and_that_of_a_chain(queue: Queue) -> None:
    different = queue.judge(1, 3, "DIFFERENT")
    one, two, three = customer_id(1), customer_id(2), customer_id(3)
    together, chain = [Item(0, two, [one, three])], [Item(0, two, [one]), Item(1, three, [two])]
    with queue.company.database.transaction(queue.company.scope, read_only=True) as tx:
        found = standing(together, MergedSoFar(), judged_apart_in(tx, together, MergedSoFar()))
        made = MergedSoFar().with_more(chain[:1])
        later = standing(chain[1:], made, judged_apart_in(tx, chain[1:], made))
        alone = standing(chain[1:], MergedSoFar(), judged_apart_in(tx, chain[1:], MergedSoFar()))
    for against in (found[0], later[1]):
        assert [one.judgement.judgement_id for one in against] == [different.judgement_id]
    assert alone == {}


def test_a_retracted_judgement_forbids_nothing_and_the_others_of_its_chain_stay(queue: Queue) -> None:
    first, second = queue.judge(1, 2, "SAME"), queue.judge(2, 3, "SAME")
    queue.write(lambda tx: retract_judgement(tx, first.judgement_id, "a slip"))
    queue.judge(1, 3, "DIFFERENT")
    with pytest.raises(JudgedDifferent):
        queue.judge(2, 1, "SAME")
    queue.write(lambda tx: retract_judgement(tx, second.judgement_id, ""))
    assert queue.judge(2, 1, "SAME").verdict == "SAME"


@pytest.mark.parametrize("verdicts", [("SAME", "DIFFERENT"), ("DIFFERENT", "SAME"), ("SAME", "SAME")])
def test_two_who_judge_one_pair_at_once_leave_one_judgement(queue: Queue, verdicts: tuple[str, str]) -> None:
    start, failed = Barrier(2), list[Exception]()

    def judge(left: int, right: int, verdict: str) -> None:
        start.wait()
        try:
            judged = Judged(customer_id(left), customer_id(right), verdict, f"by {left}")
            queue.write(lambda tx: create_judgement(tx, judged))
        except Exception as error:
            failed.append(error)

    people = [Thread(target=judge, args=one) for one in ((1, 2, verdicts[0]), (2, 1, verdicts[1]))]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert failed == []
    assert len(standing_verdicts(queue)) == 1
    assert queue.items(kind="CONFLICT") == []

"""Another band of the policy: the review queue follows it without a scan, as far as the last scan has weighed."""

import pytest

from services.matching.domain.policy import FELLEGI_SUNTER, PolicyWish
from services.matching.operations.reband import scan_due
from services.matching.operations.set_policy import set_policy
from services.matching.store import regrouping
from tests.integration.matching.people import Company, change
from tests.integration.matching.reviewing import SHARED, Queue, numbers_of, person

OTHER = {"phone": "+1 415 555 0199"}


@pytest.fixture
def queue(company: Company) -> Queue:
    """A pair and a group of three, both of confidence 90, after a scan that asks about them."""
    queue = Queue(company)
    queue.settle()
    pair = [change(number, **person(number, **SHARED)) for number in (1, 2)]
    company.follow(*pair, *[change(number, **person(number, **OTHER)) for number in (3, 4, 5)])
    company.scan()
    assert queue.questions() == [("GROUP", [3, 4, 5]), ("PAIR", [1, 2])]
    return queue


def due(queue: Queue) -> bool:
    return queue.write(scan_due)


@pytest.mark.parametrize(("accept", "reject"), [(90, 70), (95, 91)])
def test_what_the_band_does_not_ask_about_is_no_question_from_then_on(queue: Queue, accept: int, reject: int) -> None:
    queue.settle(accept, reject)
    assert ("PAIR", [1, 2]) not in queue.questions()
    queue.company.tend()
    assert queue.questions() == []
    ended = {item.outcome for item in queue.items(state="SUPERSEDED", kind="PAIR")}
    assert ended == {"OUT_OF_BAND"}


def test_what_comes_into_the_band_is_asked_again_without_a_scan(queue: Queue) -> None:
    before = {item.item_id for item in queue.items()}
    queue.settle(accept=90)
    queue.settle(accept=95)
    queue.company.tend()
    assert queue.questions() == [("GROUP", [3, 4, 5]), ("PAIR", [1, 2])]
    assert {item.item_id for item in queue.items()} == before


def test_what_was_merged_without_looking_by_the_band_of_the_scan_is_asked_by_a_stricter_one(queue: Queue) -> None:
    queue.settle(accept=90)
    queue.company.scan()
    queue.write(lambda tx: tx.execute("DELETE FROM review_items"))
    queue.settle(accept=95)
    queue.company.tend()
    assert queue.questions() == [("GROUP", [3, 4, 5]), ("PAIR", [1, 2])]


@pytest.mark.parametrize(
    ("accept", "reject", "waiting"),
    [(96, 70, 0), (91, 75, 1), (90, 70, 0), (95, 65, 0)],
    ids=["still in", "a group may go by its strongest link", "ended at once", "further down"],
)
def test_only_what_enters_or_leaves_the_band_is_looked_at(queue: Queue, accept: int, reject: int, waiting: int) -> None:
    queue.company.tend()
    queue.settle(accept, reject)
    assert queue.write(regrouping.pending) == waiting
    queue.settle(accept, reject)
    assert queue.write(regrouping.pending) == waiting


def test_what_comes_back_into_the_band_is_all_that_is_looked_at(queue: Queue) -> None:
    queue.settle(accept=90)
    queue.company.tend()
    queue.settle(accept=95)
    assert queue.write(regrouping.pending) == 2


def test_what_people_decided_stays_decided_by_any_band(queue: Queue) -> None:
    [pair] = queue.items(kind="PAIR")
    queue.decide(pair, "DIFFERENT")
    for accept in (90, 95):
        queue.settle(accept)
        queue.company.tend()
    assert queue.item(pair.item_id).state == "RESOLVED"
    assert all(numbers_of(item) != {1, 2} for item in queue.items())


def test_a_band_that_reaches_further_down_and_other_weights_say_that_a_scan_is_due(queue: Queue) -> None:
    assert not due(queue)
    queue.settle(accept=92, reject=75)
    assert not due(queue)
    queue.settle(accept=92, reject=60)
    assert due(queue)
    queue.company.scan()
    assert not due(queue)
    queue.write(lambda tx: set_policy(tx, PolicyWish(FELLEGI_SUNTER, 90, 70), ""))
    assert due(queue)
    assert len(queue.items()) == 2, "what was weighed by other numbers is left for the scan"


def test_a_band_that_comes_with_the_weights_of_the_scan_again_is_followed_too(queue: Queue) -> None:
    queue.settle(accept=90)
    queue.company.scan()
    assert queue.questions() == []
    queue.write(lambda tx: set_policy(tx, PolicyWish(FELLEGI_SUNTER, 95, 70), ""))
    queue.settle(accept=95)
    queue.company.tend()
    assert not due(queue)
    assert queue.questions() == [("GROUP", [3, 4, 5]), ("PAIR", [1, 2])]


def test_before_the_first_scan_one_is_due(company: Company) -> None:
    assert due(Queue(company))


def test_a_band_of_one_company_ends_no_question_of_another(queue: Queue, other_company: Company) -> None:
    Queue(other_company).settle(accept=90)
    assert len(queue.items()) == 2

"""The review queue: what scans bring up, in which order, and how it follows merges, edits, judgements and erasures."""

import pytest

from services.matching.domain.failures import CustomerNotFound, ReviewItemNotFound
from services.matching.domain.resolution import Decision
from services.matching.domain.review_item import ItemsAsked, urgency
from services.matching.engine import band, scan
from services.matching.operations import review_scan
from services.matching.operations.follow_undo import follow_undo
from services.matching.operations.list_review_items import list_review_items
from services.matching.operations.resolve_review_item import note_merged
from services.matching.operations.retract_judgement import retract_judgement
from services.matching.store import identities, review_items
from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from services.runtime.ids import new_id
from tests.integration.matching.people import Company, change, customer_id, undone
from tests.integration.matching.reviewing import SHARED, Queue, numbers_of, person

OTHER = {"phone": "+1 415 555 0101"}
THIRD = {"phone": "+1 303 555 0199"}


@pytest.fixture
def queue(company: Company) -> Queue:
    """Two that share a phone (1, 2), three that share another one (3, 4, 5), and two strangers (6, 7)."""
    queue = Queue(company)
    queue.settle()
    company.follow(
        *[change(number, **person(number, **SHARED)) for number in (1, 2)],
        *[change(number, **person(number, **OTHER)) for number in (3, 4, 5)],
        *[change(number, **person(number)) for number in (6, 7)],
    )
    return queue


def test_a_scan_brings_up_what_is_between_reject_and_accept_by_impact(queue: Queue) -> None:
    queue.company.scan()
    assert queue.numbers() == [("GROUP", {3, 4, 5}), ("PAIR", {1, 2})]
    group, pair = queue.items()
    assert [one.evidence.confidence for one in (group, pair)] == [90, 90]
    assert [one.impact for one in (group, pair)] == [2 * urgency(90), urgency(90)]
    assert pair.evidence.matched_fields == ("phone",)
    assert pair.evidence.levels["phone"] == "exact"
    assert pair.evidence.policy_version == "policy-1"
    assert [one.name for one in pair.customers] == [person(1)["name"], person(2)["name"]]


def test_the_evidence_of_an_item_is_that_of_the_online_calls(queue: Queue) -> None:
    queue.company.scan()
    [found] = queue.company.found(1).candidates
    [pair] = queue.items(kind="PAIR")
    assert pair.evidence.match_weight == pytest.approx(found.evidence.match_weight)
    assert pair.evidence.levels == found.evidence.levels


def test_what_is_sure_enough_or_not_alike_waits_for_nobody(queue: Queue) -> None:
    queue.settle(accept=90)
    queue.company.scan()
    assert queue.items() == []
    queue.settle(accept=95, reject=91)
    queue.company.scan()
    assert queue.items() == []


def test_the_same_pair_is_the_same_item_in_each_scan(queue: Queue) -> None:
    queue.company.scan()
    before = queue.items()
    queue.company.scan()
    assert [(one.item_id, one.version, one.opened_at) for one in queue.items()] == [
        (one.item_id, one.version, one.opened_at) for one in before
    ]


def test_retraining_leaves_an_item_as_it_is_and_names_the_new_policy(queue: Queue) -> None:
    queue.company.scan()
    [before] = queue.items(kind="PAIR")
    queue.settle(accept=96)
    queue.company.scan()
    [after] = queue.items(kind="PAIR")
    assert (after.item_id, after.version) == (before.item_id, before.version)
    assert (before.evidence.policy_version, after.evidence.policy_version) == ("policy-1", "policy-2")


def test_what_a_scan_does_not_bring_up_any_more_is_superseded(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.company.scan()
    with monkeypatch.context() as patch:
        patch.setattr(review_scan, "MOST_OPEN", 0)
        queue.company.scan()
    assert queue.items() == []
    assert {one.outcome for one in queue.items(state="SUPERSEDED")} == {"NOT_FOUND"}
    queue.company.scan()
    assert queue.numbers() == [("GROUP", {3, 4, 5}), ("PAIR", {1, 2})]


def test_those_with_the_least_impact_are_left_out_and_counted(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_scan, "MOST_OPEN", 1)
    queue.company.scan()
    assert queue.numbers() == [("GROUP", {3, 4, 5})]
    assert queue.stats().left_out == 1


def test_merged_members_add_to_the_impact(queue: Queue) -> None:
    queue.merge(1, 6, 2)
    queue.merge(1, 7, 3)
    queue.company.scan()
    assert queue.numbers() == [("PAIR", {1, 2}), ("GROUP", {3, 4, 5})]
    assert queue.items()[0].impact == 3 * urgency(90)


@pytest.mark.parametrize("state", ["MERGED", "DELETED", "ERASED"])
def test_an_item_ends_at_once_when_one_of_its_two_customers_is_gone(queue: Queue, state: str) -> None:
    queue.company.scan()
    queue.company.follow(change(2, 2, state=state, **({"merged_into": 1} if state == "MERGED" else {})))
    assert queue.numbers() == [("GROUP", {3, 4, 5})]
    [ended] = queue.items(state="SUPERSEDED")
    assert (numbers_of(ended), ended.outcome) == ({1, 2}, state)


def test_an_undone_merge_brings_the_same_item_back(queue: Queue) -> None:
    queue.company.scan()
    [item] = queue.items(kind="PAIR")
    queue.merge(1, 2, 2)
    queue.company.tend()
    assert queue.items(kind="PAIR") == []
    queue.undo(1, 2, 3)
    queue.company.tend()
    [again] = queue.items(kind="PAIR")
    assert again.item_id == item.item_id


def test_a_pair_whose_one_side_is_merged_elsewhere_is_asked_of_its_root(queue: Queue) -> None:
    queue.company.scan()
    queue.merge(6, 2, 2)
    queue.company.tend()
    assert ("PAIR", {1, 6}) in queue.numbers()
    assert ("PAIR", {1, 2}) not in queue.numbers()


def test_an_edit_takes_an_item_away_and_another_one_brings_a_new_one_up(queue: Queue) -> None:
    queue.company.scan()
    queue.company.follow(change(2, 2, **person(2, **THIRD)))
    queue.company.tend()
    assert queue.numbers() == [("GROUP", {3, 4, 5})]
    assert [one.outcome for one in queue.items(state="SUPERSEDED")] == ["NOT_ALIKE"]
    queue.company.follow(change(6, 2, **person(6, **THIRD)))
    queue.company.tend()
    assert queue.numbers() == [("GROUP", {3, 4, 5}), ("PAIR", {2, 6})]


def test_a_group_follows_its_members(queue: Queue) -> None:
    queue.company.scan()
    queue.company.follow(change(5, 2, **person(5)))
    queue.company.tend()
    assert queue.questions() == [("PAIR", [1, 2]), ("PAIR", [3, 4])]
    queue.company.follow(change(5, 3, **person(5, **OTHER)), change(6, 2, **person(6, **OTHER)))
    queue.company.tend()
    assert queue.numbers() == [("GROUP", {3, 4, 5, 6}), ("PAIR", {1, 2})]


@pytest.mark.parametrize("verdict", ["SAME", "DIFFERENT"])
def test_a_judgement_answers_an_item_and_its_end_asks_again(queue: Queue, verdict: str) -> None:
    queue.company.scan()
    [item] = queue.items(kind="PAIR")
    judgement = queue.judge(2, 1, verdict)
    assert queue.item(item.item_id).outcome == "JUDGED"
    queue.company.tend()
    queue.company.scan()
    assert queue.items(kind="PAIR") == []
    queue.write(lambda tx: retract_judgement(tx, judgement.judgement_id, ""))
    queue.company.tend()
    assert [one.item_id for one in queue.items(kind="PAIR")] == [item.item_id]


def test_a_judged_member_leaves_its_group_a_question_of_the_others(queue: Queue) -> None:
    queue.company.scan()
    for other in (3, 4):
        queue.judge(5, other, "DIFFERENT")
    queue.company.tend()
    assert queue.questions() == [("PAIR", [1, 2]), ("PAIR", [3, 4])]
    queue.company.scan()
    assert queue.questions() == [("PAIR", [1, 2]), ("PAIR", [3, 4])]


def test_what_was_said_of_an_erased_customer_is_forgotten(queue: Queue) -> None:
    queue.company.scan()
    [item] = queue.items(kind="PAIR")
    queue.decide(item, "UNSURE", reason="Ann says she moved")
    queue.company.follow(change(2, 2, state="ERASED"))
    assert queue.item(item.item_id).reason == ""


def test_items_are_found_by_kind_state_confidence_and_customer(queue: Queue) -> None:
    queue.company.scan()
    assert queue.numbers(kind="GROUP") == [("GROUP", {3, 4, 5})]
    assert queue.numbers(least=91) == queue.numbers(most=89) == []
    assert len(queue.numbers(least=90, most=90)) == 2
    assert queue.numbers(number=4) == [("GROUP", {3, 4, 5})]
    assert queue.numbers(number=6) == []
    assert queue.numbers(state="RESOLVED") == []
    queue.merge(1, 2, 2)
    assert queue.numbers(number=1, state="SUPERSEDED") == queue.numbers(number=2, state="SUPERSEDED")
    assert queue.numbers(number=2, state="SUPERSEDED") == [("PAIR", {1, 2})]
    with pytest.raises(CustomerNotFound):
        queue.write(lambda tx: list_review_items(tx, ItemsAsked(customer_id="x"), 20, ""))


def test_pages_give_each_item_once_and_a_token_belongs_to_its_question(queue: Queue) -> None:
    queue.company.scan()
    first = queue.page(size=1)
    second = queue.page(size=1, token=first.next_page_token)
    assert [numbers_of(one) for page in (first, second) for one in page.items] == [{3, 4, 5}, {1, 2}]
    assert second.next_page_token == ""
    with pytest.raises(PageTokenMismatch):
        queue.page(token=first.next_page_token, kind="PAIR")
    with pytest.raises(FieldsInvalid):
        queue.page(token="x")


def test_an_item_of_another_company_is_unknown(queue: Queue, other_company: Company) -> None:
    queue.company.scan()
    [item] = queue.items(kind="PAIR")
    other = Queue(other_company)
    for item_id in (item.item_id, new_id(), "x"):
        with pytest.raises(ReviewItemNotFound):
            other.item(item_id)
    assert other.items() == []


def test_a_judgement_between_a_scan_s_look_at_them_and_its_snapshot_is_not_lost(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = identities.snapshot

    def judged_just_before(*asked: object) -> object:
        queue.judge(1, 2, "DIFFERENT")
        return snapshot(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(identities, "snapshot", judged_just_before)
    queue.company.scan()
    queue.company.tend()
    assert {customer_id(1), customer_id(2)} not in queue.company.groups()
    assert queue.items(kind="PAIR") == []


def test_an_undo_that_judges_leaves_no_question(queue: Queue) -> None:
    queue.company.scan()
    queue.merge(1, 2, 2)
    queue.undo(1, 2, 3)
    queue.write(lambda tx: follow_undo(tx, undone(1, 2)))
    queue.company.tend()
    assert queue.items(kind="PAIR") == []


def test_what_was_superseded_long_ago_is_forgotten_and_what_was_decided_is_not(queue: Queue) -> None:
    queue.company.scan()
    queue.decide(queue.items(kind="PAIR")[0], "UNSURE")
    queue.settle(accept=90)
    queue.company.scan()
    assert len(queue.items(state="SUPERSEDED")) == 1
    queue.write(lambda tx: tx.execute("UPDATE review_items SET ended_at = ended_at - interval '91 days' WHERE true"))
    queue.company.scan()
    assert [len(queue.items(state=state)) for state in ("SUPERSEDED", "RESOLVED")] == [0, 1]
    assert queue.company.value("SELECT count(*) FROM review_item_customers") == 2


def test_a_group_of_which_some_were_merged_is_a_question_of_the_others(queue: Queue) -> None:
    queue.company.scan()
    [group] = queue.items(kind="GROUP")
    decision = Decision(group.item_id, "MERGED", customer_id(4), (customer_id(5),))
    queue.write(lambda tx: note_merged(tx, group, decision, new_id()))
    queue.company.follow(change(5, 2, state="MERGED", merged_into=4), change(4, 2, members=[5], **person(4, **OTHER)))
    queue.company.tend()
    assert queue.questions() == [("PAIR", [1, 2]), ("PAIR", [3, 4])]
    assert queue.item(group.item_id).outcome == "MERGED"


def test_pairs_beyond_what_is_wanted_are_dropped_without_losing_one_with_more_impact(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_scan, "MOST_OPEN", 1)
    monkeypatch.setattr(band, "_ROOM", 1)
    monkeypatch.setattr(scan, "_READ_AT_ONCE", 1)
    queue.merge(2, 6, 2)
    queue.company.follow(change(5, 2, **person(5)))
    queue.company.scan()
    assert queue.numbers() == [("PAIR", {1, 2})]
    assert queue.stats().left_out == 1


def test_groups_are_not_judged_anew_while_a_scan_writes_but_right_after(queue: Queue) -> None:
    queue.company.scan()
    queue.company.follow(change(2, 2, **person(2, **THIRD)))
    with queue.company.database.transaction(queue.company.scope) as tx:
        review_items.write_alone(tx)
        queue.company.tend()
        assert len(queue.items(kind="PAIR")) == 1
    queue.company.tend()
    assert queue.items(kind="PAIR") == []

"""Groups of the last scan follow what changes: who leaves, who joins, who is weighed anew."""

import pytest

from patronage.customers.v1.change_feed_pb2 import Change
from services.matching.domain.duplicate_group import ListedGroup
from services.matching.domain.failures import GroupNotFound
from services.matching.operations import regroup as regrouping
from services.matching.operations.explain_group import explain_group
from services.matching.operations.list_duplicate_groups import FIRST, next_groups
from services.matching.operations.tend_company import companies_to_tend
from services.matching.store.groups import Position
from tests.integration.matching.people import ANN, ANNE, BOB, Company, change, customer_id, ids
from tests.integration.matching.test_scans import people, stranger

__all__ = ["people"]


def test_a_new_duplicate_joins_its_group(people: Company) -> None:
    people.scan()
    before = {group.group_id for group in people.page().groups}
    people.follow(change(60, **ANN))
    assert people.page().pending == 1
    people.tend()
    assert ids(1, 2, 3, 60) in people.groups()
    page = people.page()
    assert page.pending == 0
    assert {group.group_id for group in page.groups} == before, "a group keeps its id as it grows"
    assert {group.state for group in page.groups} == {"FOUND", "CORRECTED"}


def test_two_new_customers_that_are_one_make_a_group(people: Company) -> None:
    people.scan()
    people.follow(change(60, **stranger(60)), change(61, **stranger(60)))
    people.tend()
    assert ids(60, 61) in people.groups()


def test_a_member_that_is_edited_into_someone_else_leaves(people: Company) -> None:
    people.scan()
    people.follow(change(5, 2, **stranger(200)))
    assert ids(4, 5) in people.groups(), "it is compared beside the feed"
    people.tend()
    assert people.groups() == [ids(1, 2, 3)]


def test_an_edit_can_move_a_member_to_another_group(people: Company) -> None:
    people.scan()
    people.follow(change(3, 2, **BOB))
    people.tend()
    assert sorted(people.groups(), key=sorted) == [ids(1, 2), ids(3, 4, 5)]


def test_a_group_is_weighed_anew_when_its_weakest_member_has_left(company: Company) -> None:
    weak = {"name": "Ann Lee", "phone": ANN["phone"], "email": "other.mail@x.example"}
    company.follow(change(1, **ANN), change(2, **ANN), change(3, **weak), *_strangers())
    company.scan()
    [before] = company.page().groups
    assert before.weakest is not None
    assert customer_id(3) in before.weakest
    company.follow(change(3, 2, state="DELETED", **weak))
    [between] = company.page().groups
    assert between.weakest is None
    company.tend()
    [after] = company.page().groups
    assert after.match_weight > before.match_weight
    assert (after.group_id, after.weakest) == (before.group_id, (customer_id(1), customer_id(2)))


def test_an_undone_merge_comes_back_into_the_group_after_it_was_weighed_anew(people: Company) -> None:
    people.scan()
    people.follow(change(2, 2, state="MERGED", merged_into=1, **ANNE), change(1, 2, members=[2], **ANN))
    people.tend()
    assert ids(1, 3) in people.groups()
    people.follow(change(2, 3, **ANNE), change(1, 3, **ANN))
    people.tend()
    assert ids(1, 2, 3) in people.groups()


def test_a_change_that_says_nothing_new_is_not_compared(people: Company) -> None:
    people.scan()
    people.follow(change(1, 2, **ANN), change(10, 2, **stranger(10)))
    assert people.page().pending == 0


def test_nothing_waits_before_a_scan_was_asked_for(people: Company) -> None:
    assert people.page().pending == 0
    assert people.value("SELECT count(*) FROM regrouping") == 0
    assert companies_to_tend(people.upkeep) == []


def test_what_changes_while_a_scan_runs_is_compared_after_it(people: Company) -> None:
    people.ask_for_scan()
    people.follow(change(60, **stranger(60)))
    job = people.take_scan()
    told: list[float] = []

    def add_once(totals: object) -> None:
        if len(told) == 1:
            people.follow(change(61, **stranger(60)))
        told.append(0.0)

    people.run(job, add_once)
    assert people.page().pending == 1, "the scan has seen the first change, and not the second"
    people.tend()
    assert ids(60, 61) in people.groups()


def test_too_many_that_hang_together_are_noted_and_left_for_the_next_scan(
    people: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regrouping, "MOST_MEMBERS", 3)
    people.scan()
    people.follow(change(60, **ANN))
    people.tend()
    assert ids(1, 2, 3) in people.groups()
    assert "OUT_OF_DATE" in {group.state for group in people.page().groups}


def test_companies_are_corrected_each_for_itself(people: Company, other_company: Company) -> None:
    people.scan()
    other_company.follow(change(1, **ANN), change(2, **ANNE))
    other_company.scan()
    other_company.follow(change(3, **ANN))
    assert companies_to_tend(people.upkeep) == ["acme", "other"]
    people.tend()
    assert other_company.groups() == [ids(1, 2)]
    other_company.tend()
    assert other_company.groups() == [ids(1, 2, 3)]
    assert companies_to_tend(people.upkeep) == []


def test_groups_come_by_confidence_then_weight_then_id(company: Company) -> None:
    company.follow(*[change(number, **stranger(number)) for number in range(10, 80)])
    company.follow(*[change(number + 100, **stranger(number)) for number in range(10, 25)])
    company.scan()
    listed = [(-group.confidence, -group.match_weight, group.group_id) for group in company.page(size=100).groups]
    assert listed == sorted(listed)
    assert len(listed) == 15


def test_a_stream_gives_the_groups_of_all_pages(company: Company) -> None:
    company.follow(*[change(number, **stranger(number)) for number in range(10, 80)])
    company.follow(*[change(number + 100, **stranger(number)) for number in range(10, 25)])
    company.scan()
    after: Position | None = FIRST
    streamed: list[ListedGroup] = []
    while after is not None:
        with company.database.transaction(company.scope, read_only=True) as tx:
            some, after, _, _ = next_groups(tx, 0, 4, after)
        streamed += some
    assert streamed == list(company.page(size=100).groups)


def test_a_group_explains_every_pair_and_names_the_weakest_link(people: Company) -> None:
    people.scan()
    group = max(people.page().groups, key=lambda one: len(one.members))
    with people.database.transaction(people.scope, read_only=True) as tx:
        found = explain_group(tx, people.search.known, group.group_id)
    assert {frozenset(pair) for pair, _ in found.pairs} == {
        frozenset(ids(1, 2)),
        frozenset(ids(1, 3)),
        frozenset(ids(2, 3)),
    }
    weights = {frozenset(pair): explained.explanation.match_weight for pair, explained in found.pairs}
    assert group.weakest is not None
    assert weights[frozenset(group.weakest)] == group.match_weight
    assert found.left_out == 0


def test_a_large_group_is_explained_within_bounds(company: Company) -> None:
    company.follow(*[change(number, **ANN) for number in range(1, 21)], *_strangers())
    company.scan()
    [group] = company.page().groups
    with company.database.transaction(company.scope, read_only=True) as tx:
        found = explain_group(tx, company.search.known, group.group_id)
    assert (len(group.members), len(found.pairs) + found.left_out) == (20, 190)
    assert {pair[0] for pair, _ in found.pairs} >= {group.master_id}
    assert len(found.pairs) <= 20


@pytest.mark.parametrize("group_id", [customer_id(1), "no id", ""])
def test_an_unknown_group_is_not_found(people: Company, group_id: str) -> None:
    people.scan()
    with people.database.transaction(people.scope, read_only=True) as tx, pytest.raises(GroupNotFound):
        explain_group(tx, people.search.known, group_id)


def test_a_group_of_another_company_is_not_found(people: Company, other_company: Company) -> None:
    people.scan()
    other_company.scan()
    group_id = people.page().groups[0].group_id
    with other_company.database.transaction(other_company.scope, read_only=True) as tx, pytest.raises(GroupNotFound):
        explain_group(tx, other_company.search.known, group_id)


def test_what_an_ended_scan_has_left_behind_is_cleared_away(people: Company) -> None:
    people.scan()
    people.ask_for_scan()
    job = people.take_scan()
    with people.database.transaction(people.scope) as tx:
        tx.execute(
            "INSERT INTO duplicate_groups (company_id, scan_id, group_id, rank, strongest, live_members)"
            " VALUES ('acme', %s, %s, 1, 99, 2)",
            (job.scan_id, customer_id(1)),
        )
        tx.execute("UPDATE scans SET state = 'FAILED', ended_at = now() WHERE state = 'RUNNING'")
    assert companies_to_tend(people.upkeep) == ["acme"]
    people.tend()
    assert people.value("SELECT count(DISTINCT scan_id) FROM duplicate_groups") == 1
    assert len(people.groups()) == 2
    assert companies_to_tend(people.upkeep) == []


def _strangers() -> list[Change]:
    return [change(number, **stranger(number)) for number in range(100, 140)]

"""Which groups merge by themselves, in a company's mirror as it is just then."""

from dataclasses import replace

import pytest

from services.matching.domain.auto_merge import Plan, Weighed, Wish
from services.matching.domain.failures import ScanRequired
from services.matching.domain.judgement import DIFFERENT, UNSURE, Judged
from services.matching.domain.merge_run import Item, MergedSoFar, standing
from services.matching.domain.policy import LADDER_KIND, PolicyWish
from services.matching.domain.survivorship import Survivorship
from services.matching.operations import auto_merge
from services.matching.operations.auto_merge import plan, still, weigh
from services.matching.operations.batch_merge import judged_apart_in
from services.matching.operations.create_judgement import create_judgement
from services.matching.operations.set_policy import set_policy
from services.runtime.failures import FieldsInvalid
from tests.integration.matching.people import ANN, ANNE, BOB, Company, change, customer_id, ids

BOBBY = {"name": "Bob Stone", "email": "bob@stone.example", "phone": "(415) 555-0101"}
INGRID = {"name": "Ingrid Svensson", "email": "ingrid@svensson.example", "phone": "+1 503 555 0188"}


@pytest.fixture
def scanned(company: Company) -> Company:
    """Two pairs that are surely one, after a scan."""
    company.follow(change(1, **ANN), change(2, **ANNE), change(3, **BOB), change(4, **BOBBY), change(5, **INGRID))
    company.scan()
    return company


def planned(company: Company, least: int | None = None, most: int = 1_000) -> Plan:
    with company.database.transaction(company.scope, read_only=True) as tx:
        return plan(tx, Wish(least, most))


def groups(found: Plan) -> list[set[str]]:
    return [set(weighed.candidate.revisions) for weighed in found.groups if not weighed.left_because]


def left(found: Plan) -> dict[str, str]:
    """Why groups are left to people, by the smallest id of each."""
    return {min(one.candidate.revisions): one.left_because for one in found.groups if one.left_because}


def weighed(company: Company, found: Plan) -> list[Weighed]:
    ids_ = [one.candidate.group_id for one in found.groups]
    with company.database.transaction(company.scope, read_only=True) as tx:
        return list(weigh(tx, found.scan.scan_id, ids_, found.least).values())


def judge(company: Company, one: int, other: int, verdict: str) -> None:
    with company.database.transaction(company.scope) as tx:
        create_judgement(tx, Judged(customer_id(one), customer_id(other), verdict))


def test_the_sure_groups_of_the_last_scan_are_planned_the_surest_first(scanned: Company) -> None:
    found = planned(scanned)
    assert sorted(map(sorted, groups(found))) == [sorted(ids(1, 2)), sorted(ids(3, 4))]
    sure = [one.candidate.confidence for one in found.groups]
    assert sure == sorted(sure, reverse=True)
    assert min(sure) >= found.least == 90
    assert len(groups(planned(scanned, most=1))) == 1
    assert groups(planned(scanned, most=1)) == groups(found)[:1]


def test_groups_of_many_pages_are_all_planned(scanned: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_merge, "AT_ONCE", 1)
    assert len(groups(planned(scanned))) == 2


def set_to(company: Company, wish: PolicyWish) -> None:
    with company.database.transaction(company.scope) as tx:
        set_policy(tx, wish, "")


def test_a_scan_by_the_weights_that_hold_is_required(company: Company) -> None:
    with pytest.raises(ScanRequired):
        planned(company)
    company.follow(change(1, **ANN), change(2, **ANNE))
    company.scan()
    set_to(company, PolicyWish("", survivorship=Survivorship(default_rule="MOST_RECENT")))
    assert groups(planned(company)) == [ids(1, 2)], "whose value survives weighs no pair"
    set_to(company, PolicyWish(LADDER_KIND))
    with pytest.raises(ScanRequired):
        planned(company)
    company.scan()
    assert groups(planned(company)) == [ids(1, 2)]


def test_less_than_the_policy_accepts_is_refused(scanned: Company) -> None:
    with pytest.raises(FieldsInvalid) as failure:
        planned(scanned, least=89)
    assert [one.field for one in failure.value.fields] == ["min_confidence"]
    set_to(scanned, PolicyWish("", survivorship=Survivorship()))
    assert planned(scanned, least=90).least == 90


def test_what_people_judged_is_left_to_them_though_the_groups_are_not_weighed_anew_yet(scanned: Company) -> None:
    judge(scanned, 1, 2, DIFFERENT)
    judge(scanned, 3, 4, UNSURE)
    found = planned(scanned)
    assert groups(found) == []
    assert left(found) == {customer_id(1): "JUDGED_DIFFERENT", customer_id(3): "JUDGED_UNSURE"}
    scanned.tend()
    assert left(planned(scanned)) == {customer_id(3): "JUDGED_UNSURE"}, "different ones are no group any more"


def test_judgements_of_those_that_were_merged_into_them_count(scanned: Company) -> None:
    scanned.follow(change(6, name="Ann L", state="ACTIVE"))
    judge(scanned, 6, 2, DIFFERENT)
    scanned.follow(change(6, 2, name="Ann L", state="MERGED", merged_into=1), change(1, 2, members=(6,), **ANN))
    scanned.tend()
    assert ids(1, 2) not in groups(planned(scanned))


def test_a_group_that_changed_waits_until_it_was_weighed_anew(scanned: Company) -> None:
    before = planned(scanned)
    edited = {**ANNE, "email": "anne@elsewhere.example", "phone": "+1 646 555 0199", "name": "Zoe Quartz"}
    scanned.follow(change(2, 2, **edited), change(4, 2, **BOBBY, organization="Stone Ltd"))
    assert left(planned(scanned)) == {customer_id(1): "CHANGED", customer_id(3): "CHANGED"}
    assert {one.left_because for one in weighed(scanned, before)} == {"CHANGED"}
    scanned.tend()
    assert groups(planned(scanned)) == [ids(3, 4)]
    [now] = [one for one in weighed(scanned, before) if customer_id(4) in one.candidate.revisions]
    assert still(now, list(ids(3, 4))) == ("", {customer_id(3): 1, customer_id(4): 2})
    assert still(now, list(ids(3, 4, 5))) == ("CHANGED", {})
    assert still(None, list(ids(1, 2))) == ("CHANGED", {})


def test_who_was_deleted_or_merged_is_in_no_group(scanned: Company) -> None:
    scanned.follow(change(2, 2, state="DELETED"), change(4, 2, state="MERGED", merged_into=3))
    assert (groups(planned(scanned)), left(planned(scanned))) == ([], {})


def test_what_is_left_to_people_takes_no_place_of_what_is_merged(
    scanned: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = groups(planned(scanned))[0]
    one, other = [number for number in range(1, 6) if customer_id(number) in first]
    judge(scanned, one, other, UNSURE)
    scanned.tend()
    found = planned(scanned, most=1)
    assert (len(groups(found)), len(left(found))) == (1, 1)
    monkeypatch.setattr(auto_merge, "MOST_LEFT", 1)
    assert groups(planned(scanned, most=1)) == [], "so many are named, and those beyond are not looked for"


def test_another_company_has_groups_of_its_own(scanned: Company, other_company: Company) -> None:
    other_company.follow(change(1, **ANN), change(2, **ANNE))
    other_company.scan()
    assert groups(planned(other_company)) == [ids(1, 2)]
    assert len(groups(planned(scanned))) == 2
    foreign = planned(scanned)
    assert weighed(other_company, foreign) == []


def test_judgements_are_asked_for_many_merges_at_once_and_count_within_one_merge(scanned: Company) -> None:
    judge(scanned, 1, 3, DIFFERENT)
    items = [
        Item(0, customer_id(1), [customer_id(2)]),
        Item(1, customer_id(3), [customer_id(4)]),
        Item(2, customer_id(2), [customer_id(1), customer_id(3)]),
    ]
    so_far = MergedSoFar()
    so_far.add(Item(9, customer_id(4), [customer_id(1)]))
    with scanned.database.transaction(scanned.scope, read_only=True) as tx:
        found = standing(items, MergedSoFar(), judged_apart_in(tx, items, MergedSoFar()))
        assert set(found) == {2}
        apart = judged_apart_in(tx, items, so_far)
        assert set(standing(items, so_far, apart)) == {1, 2}, "what went into it before is not in the mirror yet"
        named = frozenset(one.judgement.judgement_id for one in found[2])
        assert standing([replace(items[2], overridden=named)], so_far, apart) == {}

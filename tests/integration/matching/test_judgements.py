"""Judgements: symmetric, checked on trees, kept through merges and undos, and what scans make of them."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from services.matching.domain.failures import CustomerNotFound, JudgedDifferent, JudgementNotFound
from services.matching.domain.judgement import Judged, Judgement
from services.matching.operations.create_judgement import create_judgement
from services.matching.operations.follow_undo import follow_undo
from services.matching.operations.judged_apart import check_judged, judged_apart
from services.matching.operations.list_judgements import JudgementPage, list_judgements
from services.matching.operations.merge_basis import merge_basis
from services.matching.operations.retract_judgement import retract_judgement
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid
from services.runtime.ids import new_id
from tests.integration.matching.people import ANN, ANNE, Company, change, customer_id, ids, undone
from tests.integration.matching.test_scans import stranger

T = TypeVar("T")


@pytest.fixture
def acme(company: Company) -> Company:
    """Six customers of whom the first two look the same."""
    company.follow(change(1, **ANN), change(2, **ANNE), *(change(one, **stranger(one)) for one in range(3, 7)))
    return company


def write(company: Company, run: Callable[[Transaction], T]) -> T:
    with company.database.transaction(company.scope) as tx:
        return run(tx)


def judge(company: Company, left: int, right: int, verdict: str, reason: str = "") -> Judgement:
    judged = Judged(customer_id(left), customer_id(right), verdict, reason)
    return write(company, lambda tx: create_judgement(tx, judged))


def listed(
    company: Company, number: int = 0, *, retracted: bool = False, size: int = 20, token: str = ""
) -> JudgementPage:
    asked = customer_id(number) if number else ""
    return write(company, lambda tx: list_judgements(tx, asked, retracted, size, token))


def merge(company: Company, target: int, source: int, revision: int) -> None:
    company.follow(
        change(source, revision, state="MERGED", merged_into=target),
        change(target, revision, members=[source], name="Anyone"),
    )


def undo(company: Company, target: int, source: int, revision: int) -> None:
    company.follow(change(target, revision, name="Anyone"), change(source, revision, name="Someone"))


def check(company: Company, *numbers: int, overridden: tuple[str, ...] = ()) -> None:
    """As a merge asks: first whether anything stands against it at all, then what does."""
    asked = [customer_id(one) for one in numbers]
    apart, _ = merge_basis(company.database.reader(company.scope), dict.fromkeys(asked, ()))
    assert apart == bool(write(company, lambda tx: judged_apart(tx, dict.fromkeys(asked, ()))))
    write(company, lambda tx: check_judged(tx, asked, overridden))


def test_a_judgement_is_the_same_whoever_is_named_first(acme: Company) -> None:
    first = judge(acme, 2, 1, "DIFFERENT", "met both")
    assert (first.left_id, first.right_id) == (customer_id(1), customer_id(2))
    assert judge(acme, 1, 2, "DIFFERENT", "met both") == first
    assert [one.judgement_id for one in listed(acme).judgements] == [first.judgement_id]


def test_a_newer_verdict_retracts_the_one_before_and_both_are_kept(acme: Company) -> None:
    first, second = judge(acme, 1, 2, "UNSURE"), judge(acme, 1, 2, "SAME")
    assert [one.judgement_id for one in listed(acme).judgements] == [second.judgement_id]
    history = listed(acme, retracted=True).judgements
    assert [one.judgement_id for one in history] == [second.judgement_id, first.judgement_id]
    assert history[1].retracted_at is not None


def test_who_is_not_there_cannot_be_judged(acme: Company, other_company: Company) -> None:
    acme.follow(change(6, 2, state="DELETED"))
    for company, left, right in ((acme, 1, 77), (acme, 1, 6), (other_company, 1, 2)):
        with pytest.raises(CustomerNotFound):
            judge(company, left, right, "SAME")
    with pytest.raises(FieldsInvalid):
        judge(acme, 1, 1, "SAME")


def test_different_ones_are_in_no_group_of_a_scan_and_a_retraction_brings_them_together(acme: Company) -> None:
    acme.scan()
    assert acme.groups() == [ids(1, 2)]
    different = judge(acme, 1, 2, "DIFFERENT")
    acme.scan()
    assert acme.groups() == []
    write(acme, lambda tx: retract_judgement(tx, different.judgement_id, "a mistake"))
    acme.scan()
    assert acme.groups() == [ids(1, 2)]


def test_the_same_are_in_one_group_whatever_their_evidence_says(acme: Company) -> None:
    judge(acme, 3, 5, "SAME")
    acme.scan()
    assert ids(3, 5) in acme.groups()


def test_an_edit_does_not_bring_different_ones_back_into_a_group(acme: Company) -> None:
    judge(acme, 1, 2, "DIFFERENT")
    acme.scan()
    acme.follow(change(1, 2, **{**ANN, "name": "Ann M Lee"}))
    acme.tend()
    assert acme.groups() == []


def test_a_listed_group_follows_a_judgement_without_another_scan(acme: Company) -> None:
    acme.scan()
    different = judge(acme, 1, 2, "DIFFERENT")
    acme.tend()
    assert acme.groups() == []
    write(acme, lambda tx: retract_judgement(tx, different.judgement_id, ""))
    acme.tend()
    assert acme.groups() == [ids(1, 2)]


def test_a_merge_is_refused_by_what_was_judged_of_any_members_of_its_trees(acme: Company) -> None:
    different = judge(acme, 3, 5, "DIFFERENT")
    check(acme, 4, 6)
    merge(acme, 4, 3, 2)
    merge(acme, 6, 5, 2)
    with pytest.raises(JudgedDifferent) as failure:
        check(acme, 4, 6)
    assert failure.value.metadata["judgement_ids"] == different.judgement_id
    with pytest.raises(JudgedDifferent):
        check(acme, 1, 4, 6, overridden=(new_id(),))
    check(acme, 4, 6, overridden=(different.judgement_id.upper(),))
    check(acme, 4, 1)


def test_a_judgement_holds_again_after_a_merge_and_its_undo(acme: Company) -> None:
    judge(acme, 3, 5, "DIFFERENT")
    merge(acme, 4, 3, 2)
    undo(acme, 4, 3, 3)
    check(acme, 4, 5)
    with pytest.raises(JudgedDifferent):
        check(acme, 3, 5)


def test_a_merge_against_a_judgement_is_a_conflict_until_it_is_undone(acme: Company) -> None:
    judge(acme, 3, 4, "DIFFERENT")
    merge(acme, 4, 3, 2)
    assert [one.in_conflict for one in listed(acme, 4).judgements] == [True]
    undo(acme, 4, 3, 3)
    assert [one.in_conflict for one in listed(acme, 4).judgements] == [False]


def test_those_whose_trees_are_kept_apart_are_not_judged_the_same(acme: Company) -> None:
    judge(acme, 3, 5, "DIFFERENT")
    merge(acme, 4, 3, 2)
    with pytest.raises(JudgedDifferent):
        judge(acme, 4, 5, "SAME")
    assert judge(acme, 3, 5, "SAME").verdict == "SAME", "the same pair is judged anew"


def test_a_merge_brings_two_judgements_into_conflict_and_it_is_shown(acme: Company) -> None:
    judge(acme, 3, 5, "DIFFERENT")
    judge(acme, 4, 5, "SAME")
    merge(acme, 4, 3, 2)
    assert {one.verdict: one.in_conflict for one in listed(acme, 5).judgements} == {"SAME": True, "DIFFERENT": False}


def test_an_undo_is_judged_once_and_a_retraction_of_it_stays(acme: Company) -> None:
    told = undone(1, 2, 3)
    for _ in range(2):
        write(acme, lambda tx: follow_undo(tx, told))
    found = listed(acme).judgements
    assert [(one.verdict, one.merge_id) for one in found] == [("DIFFERENT", told.merge_id)] * 2
    write(acme, lambda tx: retract_judgement(tx, found[0].judgement_id, ""))
    write(acme, lambda tx: follow_undo(tx, told))
    assert len(listed(acme).judgements) == 1


def test_judgements_are_listed_page_by_page_for_a_tree(acme: Company) -> None:
    made = [judge(acme, 1, other, "UNSURE").judgement_id for other in (2, 3, 4)]
    judge(acme, 5, 6, "UNSURE")
    first = listed(acme, 1, size=2)
    second = listed(acme, 1, size=2, token=first.next_page_token)
    assert [one.judgement_id for page in (first, second) for one in page.judgements] == made[::-1]
    assert second.next_page_token == ""


def test_a_judgement_of_another_company_is_unknown(acme: Company, other_company: Company) -> None:
    made = judge(acme, 1, 2, "DIFFERENT").judgement_id
    for judgement_id in (made, new_id(), "x"):
        with pytest.raises(JudgementNotFound):
            write(other_company, lambda tx, one=judgement_id: retract_judgement(tx, one, ""))  # type: ignore[misc]
    assert listed(other_company).judgements == []
    assert len(listed(acme).judgements) == 1

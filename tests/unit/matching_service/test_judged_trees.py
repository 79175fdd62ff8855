"""What judgements say together, against a plain union of sets, and which of an item's customers a decision means."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.failures import ResolutionUnfit
from services.matching.domain.judged_trees import JudgedTrees, Standing
from services.matching.domain.resolution import MOST_PAIRS, Decision, judged_pairs, merge_of
from services.matching.domain.review_item import ItemCustomer, ItemEvidence, NewItem, ReviewItem, urgency
from services.runtime.failures import FieldsInvalid

ROOTS = "abcdefg"
judged = st.lists(
    st.tuples(st.sampled_from(("SAME", "DIFFERENT")), st.sampled_from(ROOTS), st.sampled_from(ROOTS)), max_size=10
)


def standing(found: Sequence[tuple[str, str, str]]) -> list[Standing]:
    return [Standing(str(number), verdict, f"{one}-", f"{other}-", one, other)
            for number, (verdict, one, other) in enumerate(found)]  # fmt: skip


def unions(found: Sequence[tuple[str, str, str]]) -> dict[str, frozenset[str]]:
    sets = {root: frozenset(root) for root in ROOTS}
    for verdict, one, other in found:
        if verdict == "SAME":
            joined = sets[one] | sets[other]
            sets |= dict.fromkeys(joined, joined)
    return sets


@given(judged)
def test_a_conflict_is_a_different_inside_a_union_of_same(found: list[tuple[str, str, str]]) -> None:
    sets = unions(found)
    wrong = {str(number) for number, (verdict, one, other) in enumerate(found)
             if verdict == "DIFFERENT" and sets[one] == sets[other]}  # fmt: skip
    assert {one.different.judgement_id for one in JudgedTrees(standing(found)).conflicts()} == wrong


@given(judged, st.sampled_from(list(combinations(ROOTS, 2))))
def test_two_are_kept_apart_by_what_stands_between_their_unions(
    found: list[tuple[str, str, str]], pair: tuple[str, str]
) -> None:
    sets, trees = unions(found), JudgedTrees(standing(found))
    left, right = sets[pair[0]], sets[pair[1]]
    between = {
        str(number)
        for number, (verdict, one, other) in enumerate(found)
        if verdict == "DIFFERENT" and {sets[one], sets[other]} == {left, right} and (left != right or sets[one] == left)
    }
    assert {one.judgement_id for one in trees.keep_apart(*pair)} == between
    assert (trees.chain(*pair) is not None) == (left == right)
    assert trees.answer(*pair) == trees.answer(*pair[::-1]) == (left == right or bool(between))


@given(judged, st.sampled_from(list(combinations(ROOTS, 2))))
def test_a_chain_leads_from_one_to_the_other(found: list[tuple[str, str, str]], pair: tuple[str, str]) -> None:
    here, chain = pair[0], JudgedTrees(standing(found)).chain(*pair)
    for link in chain or ():
        assert here in (link.left_root, link.right_root)
        here = link.right_root if here == link.left_root else link.left_root
    assert chain is None or here == pair[1]


def item(kind: str, *roots: str | None) -> ReviewItem:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    customers = tuple(ItemCustomer(f"{number}", root, "", "", "") for number, root in enumerate(roots))
    return ReviewItem("i", kind, "OPEN", 1, ItemEvidence(), "", customers, "", (), None, 1, now, now)


def test_too_many_pairs_are_not_judged_in_one_go() -> None:
    many = item("GROUP", *(f"r{number}" for number in range(30)))
    with pytest.raises(FieldsInvalid):
        judged_pairs(many, Decision("i", "DIFFERENT"))
    assert len(judged_pairs(many, Decision("i", "SAME"))) == 29
    assert len(judged_pairs(many, Decision("i", "DIFFERENT", customer_ids=("3",)))) == 29
    assert len(list(combinations(range(30), 2))) > MOST_PAIRS


def test_customers_of_one_root_and_those_who_are_gone_are_nobody_to_decide_about() -> None:
    for roots in (("r", "r"), ("r", None)):
        with pytest.raises(ResolutionUnfit):
            judged_pairs(item("PAIR", *roots), Decision("i", "SAME"))
        with pytest.raises(ResolutionUnfit):
            merge_of(item("PAIR", *roots), Decision("i", "MERGED", "r"))
    assert judged_pairs(item("PAIR", "r", None), Decision("i", "UNSURE")) == []


def test_the_order_of_customers_and_what_was_scored_make_no_other_item() -> None:
    one, other = NewItem("PAIR", ("a", "b")), NewItem("MERGE_UNDONE", ("b", "a"), ItemEvidence(80, 3.0, "policy-1"))
    assert one.subject == other.subject != NewItem("GROUP", ("a", "b", "c")).subject
    assert one.digest == other.digest
    assert one.digest != NewItem("PAIR", ("a", "b"), ItemEvidence(levels={"phone": "exact"})).digest


def test_the_less_sure_is_the_more_urgent() -> None:
    assert [urgency(confidence) for confidence in (0, 50, 70, 90, 100)] == [100, 200, 184, 136, 100]

"""Many merges in a row: what comes in one go, who is gone by then, and which groups merge by themselves."""

from collections import Counter
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1.merge_preview_pb2 import MergeBlocker
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import auto_merge_pb2 as pb
from patronage.matching.v1 import batch_merge_pb2
from services.matching.convert import auto_merges, batch_merges
from services.matching.domain.auto_merge import Candidate, CandidateMember
from services.matching.domain.judgement import DIFFERENT, SAME, UNSURE, Author, Judgement
from services.matching.domain.merge_run import (
    MOST_AT_ONCE,
    MOST_SENT,
    Apart,
    Item,
    MergedSoFar,
    certain,
    in_goes,
    in_one_call,
    standing,
)
from services.runtime.failures import FieldsInvalid

REQUEST_ID = "0190b0b0-0000-7000-8000-000000000001"
NAMES = "abcdefgh"
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12)


def member(
    name: str, state: str = "ACTIVE", completeness: int = 1, day: int = 1, waits: bool = False
) -> CandidateMember:
    return CandidateMember(name, state, 1, completeness, datetime(2026, 1, day, tzinfo=UTC), waits)


def group(*members: CandidateMember, confidence: int = 95, state: str = "FOUND") -> Candidate:
    return Candidate("g", confidence, state, members)


def judged(number: int, left: str, right: str) -> Judgement:
    return Judgement(f"j{number}", left, right, DIFFERENT, "", "ann", "Ann", datetime(2026, 1, 1, tzinfo=UTC))


def run_one_by_one(items: list[Item], said: list[tuple[str, str]]) -> dict[int, bool]:
    """Whether a judgement stands against each merge: trees as plain sets of members, one merge after the other."""
    root_of = {one: one for one in NAMES}
    forbidden: dict[int, bool] = {}
    for item in items:
        named = set(item.customer_ids)
        trees = {one: {other for other in NAMES if other == one or root_of[other] == one} for one in named}
        forbidden[item.place] = any(
            left in trees[one] and right in trees[other]
            for left, right in said
            for one, other in permutations(named, 2)
        )
        is_root = all(root_of[one] == one for one in named)
        if is_root and len(named) == len(item.customer_ids) and not forbidden[item.place]:
            root_of = {one: item.target_id if root in item.source_ids else root for one, root in root_of.items()}
    return forbidden


@given(PAIRS, st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=3))
def test_what_stands_against_a_merge_is_what_stood_there_if_they_were_made_one_by_one(
    pairs: list[tuple[str, str]], said: list[tuple[str, str]]
) -> None:
    items = [Item(place, target, [source]) for place, (target, source) in enumerate(pairs)]
    different = [(left, right) for left, right in said if left != right]
    apart = [Apart(left, right, judged(number, left, right)) for number, (left, right) in enumerate(different)]
    expected, so_far, left = run_one_by_one(items, different), MergedSoFar(), items
    merged: set[str] = set()
    while left:
        sent, against = certain(left, so_far, apart)
        assert sent, "each call makes one at least"
        for item in sent:
            gone = merged.intersection(item.customer_ids) or item.target_id in item.source_ids
            if not gone:
                assert (item.place in against) == expected[item.place]
            if not gone and item.place not in against:
                so_far.add(item)
                merged.update(item.source_ids)
        left = left[len(sent) :]


def test_only_a_judgement_that_hangs_on_others_ends_a_call() -> None:
    chain = [Item(place, f"c{place + 1}", [f"c{place}"]) for place in range(200)]
    assert certain(chain, MergedSoFar(), []) == (chain, {})
    sent, against = certain(chain, MergedSoFar(), [Apart("c3", "c9", judged(1, "c3", "c9"))])
    assert ([item.place for item in sent], against) == (list(range(8)), {})
    so_far = MergedSoFar().with_more(sent)
    sent, against = certain(chain[8:], so_far, [Apart("c3", "c9", judged(1, "c3", "c9"))])
    assert (len(sent), list(against)) == (192, [8])


def test_a_judgement_that_a_merge_overrides_by_name_does_not_stand_against_it() -> None:
    apart = [Apart("a", "b", judged(1, "a", "b")), Apart("a", "b", judged(2, "a", "b"))]
    found = standing([Item(0, "a", ["b"], frozenset({"j1"}))], MergedSoFar(), apart)
    assert [one.judgement.judgement_id for one in found[0]] == ["j2"]


def test_a_go_is_no_larger_than_one_call_takes() -> None:
    items = [Item(place, f"t{place}", [f"s{place}"]) for place in range(MOST_AT_ONCE + 1)]
    assert [len(go) for go in in_goes(items)] == [MOST_AT_ONCE, 1]


def test_a_run_knows_what_it_has_merged_through_chains() -> None:
    so_far = MergedSoFar().with_more([Item(0, "b", ["a"]), Item(1, "c", ["b"]), Item(2, "x", ["y"])])
    assert so_far.below(["c", "d"]) == {"a", "b", "c", "d"}
    assert so_far.above("a") == {"a", "b", "c"}
    assert [item.place for item in so_far.built_upon([Item(3, "d", ["c"])])] == [0, 1]


def test_a_call_takes_no_more_than_fit_beside_what_they_build_on() -> None:
    so_far = MergedSoFar().with_more([Item(place, "t", [f"s{place}"]) for place in range(900)])
    before, items = in_one_call([Item(900 + place, "t", [f"u{place}"]) for place in range(250)], so_far)
    assert (len(before), len(items)) == (900, 62)
    assert len(before) + len(items) <= MOST_SENT


def test_the_target_is_active_then_complete_then_old_then_of_the_smallest_id() -> None:
    found = group(
        member("f", completeness=3, day=2),
        member("e", "INACTIVE", completeness=9),
        member("d", completeness=3, day=1),
        member("c", completeness=3, day=1),
        member("b", completeness=1),
    )
    assert found.ordered == ["c", "d", "f", "b", "e"]


@pytest.mark.parametrize(
    ("found", "verdicts", "why"),
    [
        (group(member("a"), member("b")), (), ""),
        (group(member("a"), member("b")), (SAME,), ""),
        (group(member("a"), member("b")), (UNSURE, DIFFERENT), "JUDGED_DIFFERENT"),
        (group(member("a"), member("b")), (UNSURE,), "JUDGED_UNSURE"),
        (group(member("a"), member("b", waits=True)), (), "CHANGED"),
        (group(member("a"), member("b"), state="OUT_OF_DATE"), (), "CHANGED"),
        (group(member("a"), member("b"), confidence=89), (), "CHANGED"),
        (group(*(member(f"m{n}") for n in range(51))), (), ""),
        (group(*(member(f"m{n}") for n in range(52))), (), "TOO_LARGE"),
    ],
)
def test_a_group_is_left_to_people_for_a_reason(found: Candidate, verdicts: tuple[str, ...], why: str) -> None:
    assert found.left_because(90, verdicts) == why


def test_a_request_names_every_bad_field() -> None:
    request = pb.AutoMergeRequest(min_confidence=101, max_merges=10_001, request_id="x", reason="r" * 501)
    with pytest.raises(FieldsInvalid) as failure:
        auto_merges.wish_of(request)
    wrong = {violation.field for violation in failure.value.fields}
    assert wrong == {"min_confidence", "max_merges", "request_id", "reason"}
    wish = auto_merges.wish_of(pb.AutoMergeRequest())
    assert (wish.least, wish.most) == (None, 1_000)
    assert auto_merges.wish_of(pb.AutoMergeRequest(min_confidence=0)).least == 0


def test_merge_ids_follow_from_request_and_place_alone() -> None:
    items = [batch_merge_pb2.MergeItem(target_id="t", source_ids=["s"]) for _ in range(2)]

    def ids(request_id: str, company: str = "acme") -> list[str]:
        request = batch_merge_pb2.BatchMergeRequest(merges=items, request_id=request_id)
        return [one.merge.merge_id for one in batch_merges.asked_of(request, company, Author("ann", "Ann"))]

    first = ids(REQUEST_ID)
    assert ids(REQUEST_ID.upper()) == first
    assert len({*first, *ids(REQUEST_ID, "other"), *ids(""), *ids("")}) == 8


@pytest.mark.parametrize(
    ("reasons", "left", "skip", "shown"),
    [
        (["PREVIEW_STALE"], "", pb.AUTO_MERGE_SKIP_CHANGED, 1),
        (["ALREADY_MERGED", "CUSTOMER_DELETED"], "", pb.AUTO_MERGE_SKIP_CHANGED, 2),
        (["TREE_TOO_LARGE"], "", pb.AUTO_MERGE_SKIP_REFUSED, 1),
        (["PREVIEW_STALE"], "JUDGED_UNSURE", pb.AUTO_MERGE_SKIP_JUDGED_UNSURE, 0),
    ],
)
def test_what_customers_refuses_is_left_to_people(reasons: list[str], left: str, skip: int, shown: int) -> None:
    blockers = [MergeBlocker(reason=error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{one}")) for one in reasons]
    told = batch_merges.blocked_outcome("m", blockers)
    outcome = auto_merges.outcome_of(pb.AutoMergeOutcome(group_id="g", source_ids=["a", "b"]), told, left)
    assert (outcome.result, outcome.skip, len(outcome.blockers)) == (pb.AUTO_MERGE_RESULT_SKIPPED, skip, shown)
    assert outcome.merge_id == ""


def test_counts_add_up() -> None:
    counts = Counter[str]()
    planned = pb.AutoMergeOutcome(group_id="g", source_ids=["a", "b"])
    told = [
        batch_pb.BatchMergeOutcome(merge_id="m", result=result)
        for result in (batch_pb.BATCH_MERGE_RESULT_MERGED, batch_pb.BATCH_MERGE_RESULT_ALREADY)
    ]
    outcomes = [auto_merges.outcome_of(planned, one, "") for one in told]
    auto_merges.counted(counts, outcomes[:1], 3)
    assert auto_merges.counted(counts, outcomes[1:], 3) == pb.AutoMergeCounts(
        total=3, done=2, merged=1, already=1, customers=4
    )

"""Many merges in a row: what comes in one go, who is gone by then, and which groups merge by themselves."""

from collections import Counter
from datetime import UTC, datetime

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
from services.matching.domain.judgement import DIFFERENT, SAME, UNSURE
from services.matching.domain.merge_run import MOST_AT_ONCE, Item, MergedSoFar, in_goes
from services.runtime.failures import FieldsInvalid

REQUEST_ID = "0190b0b0-0000-7000-8000-000000000001"
PAIRS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=12)


def member(
    name: str, state: str = "ACTIVE", completeness: int = 1, day: int = 1, waits: bool = False
) -> CandidateMember:
    return CandidateMember(name, state, 1, completeness, datetime(2026, 1, day, tzinfo=UTC), waits)


def group(*members: CandidateMember, confidence: int = 95, state: str = "FOUND") -> Candidate:
    return Candidate("g", confidence, state, members)


@given(PAIRS)
def test_goes_keep_the_order_and_no_customer_is_in_two_merges_of_one(pairs: list[tuple[str, str]]) -> None:
    items = [Item(place, target, [source]) for place, (target, source) in enumerate(pairs)]
    goes = list(in_goes(items))
    assert [item for go in goes for item in go] == items
    for go in goes:
        named = Counter(one for item in go for one in set(item.customer_ids))
        assert not named or max(named.values()) == 1


def test_a_go_is_no_larger_than_one_call_takes() -> None:
    items = [Item(place, f"t{place}", [f"s{place}"]) for place in range(MOST_AT_ONCE + 1)]
    assert [len(go) for go in in_goes(items)] == [MOST_AT_ONCE, 1]


def test_a_run_knows_what_it_has_merged_through_chains() -> None:
    so_far = MergedSoFar()
    so_far.add(Item(0, "b", ["a"]))
    so_far.add(Item(1, "c", ["b"]))
    assert so_far.trees(Item(2, "c", ["d"])) == {"c": ["b", "a"], "d": ()}
    assert so_far.gone(Item(2, "d", ["a"])) == ("a", "b")
    assert so_far.gone(Item(2, "c", ["d"])) is None


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
        return [one.merge.merge_id for one in batch_merges.asked_of(request, company, "ann")]

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

"""Steps that join customers, take them apart, and judge them; and calls with what belongs to another company."""

from __future__ import annotations

import random
from typing import Any

from google.protobuf.json_format import MessageToDict

from patronage.customers.v1 import (
    customer_pb2,
    customer_service_pb2,
    merge_batch_pb2,
    note_service_pb2,
    survivorship_pb2,
)
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import batch_merge_pb2 as batch_pb
from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import review_service_pb2 as review_pb
from services.runtime.ids import new_id
from tests.system.soak.model import Merged, Pair
from tests.system.soak.side import Done, Side, Step, pick

RULES = survivorship_pb2.SurvivorshipRule.values()[1:8]
FIELDS = ("name", "organization", "birth_date", "customer_type", "lifecycle_stage", "metadata", "email", "phone")
CHANGING = {"etag", "revision", "update_time"}
VERDICTS = ("SAME", "DIFFERENT", "UNSURE")


def merge(side: Side, step: Step) -> Done:
    """One to three sources into a target, mostly roots; half of the time as a preview showed it."""
    among = side.model.roots() if step.d % 6 else side.model.customers
    if len(among) < 2:
        return Done()
    target = among[step.a % len(among)]
    others = [one for one in among if one != target]
    sources = [others[(step.b + place) % len(others)] for place in range(min(len(others), 1 + step.c % 3))]
    if step.d % 19 == 0:
        sources[0] = target
    asked: dict[str, Any] = {"target_id": target, "source_ids": sources, **_choices(side, step, [target, *sources])}
    refusal, shown = _refusal(side, target, sources), _shown(side, [target, *sources])
    request = pb.MergeCustomersRequest(**asked, allow_unpreviewed=True)
    seen = _preview(side, asked, refusal) if step.c % 2 else None
    if seen is not None and not refusal:
        request = pb.MergeCustomersRequest(**asked, preview_token=seen.preview_token)
    if refusal == "JUDGED_DIFFERENT" and step.b % 2:
        request.overridden_judgement_ids.extend(one.judgement_id for one in _judgements(side).values())
        refusal = ""
    merged = side.ask(side.company.merges.MergeCustomers, request, refusal, step.d)
    if merged is None:
        return Done([target, *sources])
    side.add_merge(Merged(merged.merge.merge_id, target, tuple(sources)))
    _assert_united(merged.target, shown)
    if seen is not None:
        done, promised = _stated(merged.target), _stated(seen.result)
        assert done == promised, {
            name: (done.get(name), promised.get(name))
            for name in {*done, *promised}
            if done.get(name) != promised.get(name)
        }
    return Done([target, *sources])


def batch(side: Side, step: Step) -> Done:
    """Some merges in one call, each on what those before it have left; those that cannot be are named and left out."""
    among = side.model.roots()
    if len(among) < 2:
        return Done()
    chosen = random.Random(str(step))
    pairs = [chosen.sample(among, 2) for _ in range(1 + step.c % 3)]
    asked = batch_pb.BatchMergeRequest(
        merges=[batch_pb.MergeItem(target_id=target, source_ids=[source]) for target, source in pairs],
        request_id=new_id(),
    )
    outcomes = [one for part in side.company.merges.BatchMerge(asked) for one in _told(side, part).outcomes]
    for (target, source), outcome in zip(pairs, outcomes, strict=True):
        refusal, standing = _refusal(side, target, [source]), _against(side, target, [source])
        reasons = {
            error_reason_pb2.ErrorReason.Name(one.reason).removeprefix("ERROR_REASON_") for one in outcome.blockers
        }
        judged = {"JUDGED_DIFFERENT"} & reasons if standing else {refusal} - {""}
        assert reasons == standing | judged, f"{refusal or 'nothing'}: {standing} and not {reasons}"
        assert (outcome.result == merge_batch_pb2.BATCH_MERGE_RESULT_MERGED) == (not refusal)
        if not refusal:
            side.add_merge(Merged(outcome.merge_id, target, (source,)))
    return Done([customer for pair in pairs for customer in pair])


def _told(side: Side, part: batch_pb.BatchMergeResponse) -> batch_pb.BatchMergeResponse:
    side.fresh = part.change_token or side.fresh
    return part


def _choices(side: Side, step: Step, roots: list[str]) -> dict[str, Any]:
    members = [member for root in roots for member in side.model.below(root)]
    chosen = {"field": FIELDS[step.a % 8], "customer_id": members[step.b % len(members)]}
    rule = {"field": FIELDS[step.c % 8], "rule": RULES[step.a % len(RULES)]}
    return {"choices": [chosen] if step.b % 3 == 0 else [], "rules": [rule] if step.a % 2 else []}


def _refusal(side: Side, target: str, sources: list[str]) -> str:
    """What a merge must be refused for: the first of it."""
    if target in sources:
        return "SELF_MERGE"
    against = [of_one for one in (target, *sources) for of_one in _against_one(side, one)]
    return against[0] if against else "JUDGED_DIFFERENT" if side.model.apart([target, *sources]) else ""


def _against(side: Side, target: str, sources: list[str]) -> set[str]:
    """All that a merge must be refused for, judgements aside: these may hold of what was below one that is merged."""
    if target in sources:
        return {"SELF_MERGE"}
    return {of_one for one in (target, *sources) for of_one in _against_one(side, one)}


def _against_one(side: Side, customer: str) -> list[str]:
    merged = ["ALREADY_MERGED"] if customer in side.model.above else []
    return merged if side.model.is_live(customer) else [*merged, "CUSTOMER_DELETED"]


def _shown(side: Side, customers: list[str]) -> list[customer_pb2.Customer]:
    asked = customer_service_pb2.BatchGetCustomersRequest(customer_ids=customers)
    return [one.customer for one in side.company.customers.BatchGetCustomers(asked).customers]


def _preview(side: Side, asked: dict[str, Any], refusal: str) -> pb.PreviewMergeResponse | None:
    seen = side.ask(side.company.merges.PreviewMerge, pb.PreviewMergeRequest(**asked))
    assert seen is not None
    assert seen.allowed == (not refusal), f"{refusal or 'nothing'} stands against it: {seen.blockers}"
    return seen


def _assert_united(target: customer_pb2.Customer, shown: list[customer_pb2.Customer]) -> None:
    """Tags and contact points of all sides are there, each once."""
    assert set(target.tags) == {tag for one in shown for tag in one.tags}
    points = [(point.kind, point.normalized_value) for point in target.contact_points]
    assert sorted(points) == sorted({(p.kind, p.normalized_value) for one in shown for p in one.contact_points})


def _stated(customer: customer_pb2.Customer) -> dict[str, Any]:
    found = MessageToDict(customer, preserving_proto_field_name=True)
    found.get("preferences", {}).pop("etag", None)
    return {name: value for name, value in found.items() if name not in CHANGING}


def undo(side: Side, step: Step) -> Done:
    """A merge is taken back, the latest or any before; one that is undone already is refused."""
    merged = pick(list(side.model.standing.values()), step.a)
    if merged is None or (step.b % 9 == 0 and side.model.undone):
        return _undo_again(side, step)
    return take_apart(side, merged, decided=step.c % 5 == 0, again=step.d)


def take_apart(side: Side, merged: Merged, *, decided: bool, again: int = 1) -> Done:
    """An undo whose digests are those of before wherever nobody edited."""
    keys_before = dict(side.pending.get(merged.merge_id, {}))
    asked = pb.UndoMergeRequest(merge_id=merged.merge_id, leave_undecided=not decided)
    undone = side.ask(side.company.merges.UndoMerge, asked, again=again)
    assert undone is not None
    del side.model.standing[merged.merge_id]
    side.model.undone.append(merged)
    if decided:
        for source in merged.sources:
            side.model.verdicts[frozenset((merged.target, source))] = "DIFFERENT"
    for digest in undone.digests:
        for key, found in (
            (keys_before.get(digest.customer_id), digest.before),
            (side.model.digest_key(digest.customer_id), digest.now),
        ):
            if key is not None:
                assert side.digests.setdefault(key, found) == found, f"another digest of {key}"
    side.compared += sum(digest.before == digest.now for digest in undone.digests)
    return Done([merged.target, *merged.sources])


def _undo_again(side: Side, step: Step) -> Done:
    merged = pick(side.model.undone, step.a)
    if merged is not None:
        asked = pb.UndoMergeRequest(merge_id=merged.merge_id)
        side.ask(side.company.merges.UndoMerge, asked, "MERGE_ALREADY_UNDONE")
    return Done()


def judge(side: Side, step: Step) -> Done:
    """Two customers are said to be the same, different, or neither; what was said of them before ends."""
    left, right = pick(side.model.customers, step.a), pick(side.model.customers, step.b)
    if left is None or right is None:
        return Done()
    pair, verdict = frozenset((left, right)), VERDICTS[step.c % 3]
    asked = review_pb.CreateJudgementRequest(left_id=left, right_id=right, at_least_as_fresh=side.fresh)
    asked.verdict = review_pb.Verdict.Value(f"VERDICT_{verdict}")
    asked.reason = f"seen {step.d}"
    if side.ask(side.company.reviews.CreateJudgement, asked, _forbids(side, pair, verdict), step.d):
        side.model.verdicts[pair] = verdict
    return Done([left, right])


def _forbids(side: Side, pair: Pair, verdict: str) -> str:
    model = side.model
    if not all(model.is_live(one) for one in pair):
        return "CUSTOMER_NOT_FOUND"
    if len(pair) == 1:
        return "FIELDS_INVALID"
    roots = [model.root(one) for one in pair]
    return "JUDGED_DIFFERENT" if verdict == "SAME" and model.apart(roots, but=pair) else ""


def retract(side: Side, step: Step) -> Done:
    """A judgement ends; those that are listed are those that stand."""
    found = _judgements(side)
    said = {pair: review_pb.Verdict.Name(one.verdict).removeprefix("VERDICT_") for pair, one in found.items()}
    assert said == side.model.verdicts
    judgement = pick(list(found.values()), step.a)
    if judgement is not None:
        asked = review_pb.RetractJudgementRequest(judgement_id=judgement.judgement_id)
        assert side.ask(side.company.reviews.RetractJudgement, asked, again=step.d)
        del side.model.verdicts[frozenset((judgement.left_id, judgement.right_id))]
    return Done()


def _judgements(side: Side) -> dict[Pair, review_pb.Judgement]:
    """The judgements that stand, by the pair that they are about."""
    listed = review_pb.ListJudgementsRequest(page_size=1_000, at_least_as_fresh=side.fresh)
    answer = side.ask(side.company.reviews.ListJudgements, listed)
    assert answer is not None
    return {frozenset((one.left_id, one.right_id)): one for one in answer.judgements}


def trespass(side: Side, step: Step, other: Side) -> Done:
    """Ids of another company are answered as ids of nobody."""
    foreign, mine = pick(other.model.customers, step.a), pick(side.model.roots(), step.b)
    merged = pick(list(other.model.standing), step.c)
    if foreign is None or mine is None:
        return Done()
    stubs, unknown = side.company, "CUSTOMER_NOT_FOUND"
    note = note_service_pb2.CreateNoteRequest(customer_id=foreign, note=note_service_pb2.Note(content="mine"))
    side.ask(stubs.notes.CreateNote, note, unknown)
    named = customer_service_pb2.UpdateCustomerRequest(customer_id=foreign, customer=customer_pb2.Customer(name="Mine"))
    side.ask(stubs.customers.UpdateCustomer, named, unknown)
    for pair in ({"target_id": mine, "source_ids": [foreign]}, {"target_id": foreign, "source_ids": [mine]}):
        side.ask(stubs.merges.MergeCustomers, pb.MergeCustomersRequest(**pair, allow_unpreviewed=True), unknown)  # type: ignore[arg-type]
    if merged is not None:
        side.ask(stubs.merges.UndoMerge, pb.UndoMergeRequest(merge_id=merged), "MERGE_NOT_FOUND")
    return Done([mine])

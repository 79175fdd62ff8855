"""Many merges in one call over the three services: an outcome for each, none twice, none that people forbade."""

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_service_pb2, survivorship_pb2
from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import batch_merge_pb2 as pb
from patronage.matching.v1 import merge_service_pb2 as merge_pb
from patronage.matching.v1 import policy_pb2
from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.faults.company import Company, company_of, held, reason_of
from tests.faults.people import import_people
from tests.faults.proofs import assert_each_revision_was_fed_once, assert_mirrors_agree, assert_no_half_merge

MERGED, ALREADY = batch_pb.BATCH_MERGE_RESULT_MERGED, batch_pb.BATCH_MERGE_RESULT_ALREADY
BLOCKED, WOULD_MERGE = batch_pb.BATCH_MERGE_RESULT_BLOCKED, batch_pb.BATCH_MERGE_RESULT_WOULD_MERGE

HOLD = "SELECT FROM customers WHERE company_id = %s AND customer_id = %s FOR UPDATE"


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    with company_of(suite, f"batches-{uuid.uuid4()}") as made:
        yield made


def item(target: str, *sources: str, **more: Any) -> pb.MergeItem:
    return pb.MergeItem(target_id=target, source_ids=sources, **more)


def send(company: Company, *merges: pb.MergeItem, **request: Any) -> list[pb.BatchMergeResponse]:
    return list(company.merges.BatchMerge(pb.BatchMergeRequest(merges=merges, **request)))


def results(parts: list[pb.BatchMergeResponse]) -> list[int]:
    return [outcome.result for part in parts for outcome in part.outcomes]


def reasons(parts: list[pb.BatchMergeResponse]) -> list[list[str]]:
    """The reasons for which each merge cannot be made."""
    name = error_reason_pb2.ErrorReason.Name
    return [
        [name(one.reason).removeprefix("ERROR_REASON_") for one in outcome.blockers]
        for part in parts
        for outcome in part.outcomes
    ]


def log_of(company: Company, customer_id: str = "") -> list[storage.MergeRecord]:
    asked = merge_pb.ListMergesRequest(customer_id=customer_id, page_size=1_000)
    return list(company.merges.ListMerges(asked).merges)


def test_many_merges_are_made_with_their_whole_history_and_counted_as_they_are(company: Company) -> None:
    people = import_people(company, 620)
    pairs = [item(*people[at : at + 2]) for at in range(0, 620, 2)]
    parts = send(company, *pairs, reason="fair", request_id=new_id())
    assert results(parts) == [MERGED] * 310
    assert [part.counts.done for part in parts] == sorted({part.counts.done for part in parts})
    assert len(parts) > 1
    assert parts[-1].counts == pb.BatchMergeCounts(total=310, done=310, merged=310)
    assert {(one.reason, one.merged_by.subject) for one in log_of(company)} == {("fair", "developer")}
    assert_no_half_merge(company)
    assert_each_revision_was_fed_once(company)
    assert_mirrors_agree(company)


def test_sent_again_it_answers_for_what_is_made_and_makes_the_rest(company: Company) -> None:
    people = import_people(company, 8)
    merges, request_id = [item(*people[at : at + 2]) for at in (0, 2, 4)], new_id()
    [first] = send(company, *merges[:2], request_id=request_id)
    [again] = send(company, *merges, request_id=request_id.upper())
    assert results([again]) == [ALREADY, ALREADY, MERGED]
    assert [one.merge_id for one in again.outcomes[:2]] == [one.merge_id for one in first.outcomes]
    assert reasons(send(company, item(people[6], people[7]), request_id=request_id)) == [["REQUEST_ID_REUSED"]]
    assert len(log_of(company)) == 3


def test_one_that_cannot_be_made_says_why_and_the_others_are_made(company: Company) -> None:
    people = import_people(company, 9)
    parts = send(
        company,
        item(people[0], people[0]),
        item(people[1], new_id()),
        item("", people[1], choices=[storage.FieldChoice(field="nothing", customer_id=people[1])]),
        item(people[1], people[2], expected_etags={people[2]: "another"}),
        item(people[3], people[4]),
        item(people[3], people[5]),
        item(people[4], people[6]),
        item(people[7], people[8]),
    )
    blocked = [["SELF_MERGE"], ["CUSTOMER_NOT_FOUND"], ["FIELDS_INVALID"], ["PREVIEW_STALE"]]
    assert reasons(parts) == [*blocked, [], [], ["ALREADY_MERGED"], []]
    wrong = next(outcome for part in parts for outcome in part.outcomes if outcome.problems)
    assert {problem.field for problem in wrong.problems} == {"target_id", "choices[0].field"}
    assert parts[-1].counts == pb.BatchMergeCounts(total=8, done=8, merged=3, blocked=5)


def test_a_dry_run_says_what_would_be_and_changes_nothing(company: Company) -> None:
    people = import_people(company, 6)
    merges = [item(people[0], people[1]), item(people[1], people[2]), item(people[0], people[3]), item(people[4], "x")]
    tried = send(company, *merges, dry_run=True, request_id=new_id())
    assert results(tried) == [WOULD_MERGE, BLOCKED, WOULD_MERGE, BLOCKED]
    assert log_of(company) == []
    done = send(company, *merges)
    assert reasons(done) == reasons(tried) == [[], ["ALREADY_MERGED"], [], ["CUSTOMER_NOT_FOUND"]]


def test_a_dry_run_names_for_each_merge_just_what_the_run_names_in_the_same_order(company: Company) -> None:
    a, b, c, d, e, f, g = import_people(company, 7)
    made = company.merges.MergeCustomers(
        merge_pb.MergeCustomersRequest(target_id=f, source_ids=[g], allow_unpreviewed=True)
    )
    company.merges.UndoMerge(merge_pb.UndoMergeRequest(merge_id=made.merge.merge_id))
    company.customers.DeleteCustomer(customer_service_pb2.DeleteCustomerRequest(customer_id=d))
    etag = company.customers.GetCustomer(customer_service_pb2.GetCustomerRequest(customer_id=a)).customer.etag
    merges = [
        item(a, b),
        item(b, d),
        item(a, c, expected_etags={a: etag}),
        item(f, b, g),
        item(f, c),
        *(item(new_id(), new_id()) for _ in range(250)),
        item(b, e),
        item(c, g, b),
        item(e, f, expected_etags={f: "another"}),
        item(f, e),
        item(g, f),
    ]
    tried, done = send(company, *merges, dry_run=True), send(company, *merges)
    told, ran = (
        [reason for reason in reasons(parts) if reason != ["CUSTOMER_NOT_FOUND"] * 2] for parts in (tried, done)
    )
    expected = [
        [],
        ["ALREADY_MERGED", "CUSTOMER_DELETED"],
        ["PREVIEW_STALE"],
        ["ALREADY_MERGED", "JUDGED_DIFFERENT"],
        [],
        ["ALREADY_MERGED"],
        ["ALREADY_MERGED", "ALREADY_MERGED"],
        ["PREVIEW_STALE"],
        [],
        ["JUDGED_DIFFERENT"],
    ]
    assert told == ran == expected
    named = [[(one.customer_id, one.reason) for one in outcome.blockers] for part in tried for outcome in part.outcomes]
    assert named == [[(one.customer_id, one.reason) for one in o.blockers] for part in done for o in part.outcomes]
    assert_no_half_merge(company)
    assert_each_revision_was_fed_once(company)
    assert_mirrors_agree(company)


def test_what_people_judged_to_be_different_stays_apart_through_the_merges_of_the_same_batch(company: Company) -> None:
    ann, bo, cy, dee = import_people(company, 4)
    made = company.merges.MergeCustomers(
        merge_pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], allow_unpreviewed=True)
    )
    company.merges.UndoMerge(merge_pb.UndoMergeRequest(merge_id=made.merge.merge_id))
    # Bo goes into Cy, so Cy may not go into Ann any more: matching has not heard of it from the feed yet.
    parts = send(company, item(cy, bo), item(ann, cy), item(ann, dee))
    assert reasons(parts) == [[], ["JUDGED_DIFFERENT"], []]
    [against] = [outcome.blockers[0].message for part in parts for outcome in part.outcomes if outcome.blockers]
    judgement_id = against.split()[1]
    assert results(send(company, item(ann, cy, overridden_judgement_ids=[judgement_id]))) == [MERGED]


def test_a_retry_of_a_merge_that_was_undone_since_has_its_first_result(company: Company) -> None:
    ann, bo = import_people(company, 2)
    request_id = new_id()
    [made] = send(company, item(ann, bo), request_id=request_id)
    company.merges.UndoMerge(merge_pb.UndoMergeRequest(merge_id=made.outcomes[0].merge_id))
    assert results(send(company, item(ann, bo), request_id=request_id)) == [ALREADY]
    assert reasons(send(company, item(ann, bo), request_id=new_id())) == [["JUDGED_DIFFERENT"]]


def test_customers_of_another_company_are_unknown(suite: Suite, company: Company) -> None:
    with company_of(suite, f"other-{uuid.uuid4()}") as other:
        theirs, mine = import_people(other, 2), import_people(company, 2)
        parts = send(company, item(*theirs), item(mine[0], theirs[0]), item(mine[0], mine[1]))
        assert reasons(parts) == [["CUSTOMER_NOT_FOUND"] * 2, ["CUSTOMER_NOT_FOUND"], []]
        assert log_of(other) == []


def test_merges_follow_the_rules_of_the_company_and_rules_and_choices_of_their_own_first(company: Company) -> None:
    people = import_people(company, 7)
    rule = survivorship_pb2.FieldRule(field="name", rule=survivorship_pb2.SURVIVORSHIP_RULE_SOURCE_WINS)
    company.matching.SetPolicy(policy_pb2.SetPolicyRequest(survivorship=survivorship_pb2.Survivorship(rules=[rule])))
    own = survivorship_pb2.FieldRule(field="name", rule=survivorship_pb2.SURVIVORSHIP_RULE_TARGET_WINS)
    chosen = storage.FieldChoice(field="name", customer_id=people[6])
    made = send(
        company,
        item(people[0], people[1]),
        item(people[2], people[3], rules=[own]),
        item(people[4], people[5], people[6], rules=[own], choices=[chosen]),
    )
    assert results(made) == [MERGED] * 3
    get = company.customers.GetCustomer
    asked = [customer_service_pb2.GetCustomerRequest(customer_id=people[target]) for target in (0, 2, 4)]
    assert [get(one).customer.name for one in asked] == ["Person 1", "Person 2", "Person 6"]


def test_who_ends_the_stream_ends_the_batch_and_may_go_on_with_it(company: Company) -> None:
    people = import_people(company, 1_200)
    merges = [item(*people[at : at + 2]) for at in range(0, 1_200, 2)]
    request = pb.BatchMergeRequest(merges=merges, request_id=new_id())
    with held(company.suite, "customers", HOLD, company.id, people[300]):  # so that the second part cannot end
        stream: Any = company.merges.BatchMerge(request)
        first = next(stream)
        stream.cancel()
        log_of(company)  # both services answer after they have heard that nobody reads
    done = list(company.merges.BatchMerge(request))
    found = results(done)
    assert found[: first.counts.done] == [ALREADY] * first.counts.done
    assert found[-1] == MERGED, "the rest was not made by a stream that nobody reads"
    assert len(found) == 600
    assert_no_half_merge(company)


@pytest.mark.parametrize(
    "request_", [pb.BatchMergeRequest(), pb.BatchMergeRequest(merges=[item("a", "b")], request_id="x")]
)
def test_a_request_that_is_wrong_as_a_whole_is_refused(company: Company, request_: pb.BatchMergeRequest) -> None:
    with pytest.raises(grpc.RpcError) as error:
        list(company.merges.BatchMerge(request_))
    assert reason_of(error.value) == "FIELDS_INVALID"

"""Sure duplicates merge by themselves: those that the policy accepts, that nobody forbade, and as they are now."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_pb2, customer_service_pb2, states_pb2
from patronage.matching.v1 import auto_merge_pb2 as pb
from patronage.matching.v1 import matching_service_pb2, merge_service_pb2, policy_pb2, review_service_pb2
from patronage.matching.v1.review_service_pb2_grpc import ReviewServiceStub
from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.faults.company import Company, company_of, insist, reason_of
from tests.faults.proofs import assert_mirrors_agree, assert_no_half_merge
from tests.system.merging import ended_scan

MERGED, ALREADY = pb.AUTO_MERGE_RESULT_MERGED, pb.AUTO_MERGE_RESULT_ALREADY
SKIPPED, WOULD_MERGE = pb.AUTO_MERGE_RESULT_SKIPPED, pb.AUTO_MERGE_RESULT_WOULD_MERGE


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    with company_of(suite, f"auto-{uuid.uuid4()}") as made:
        yield made


def create(company: Company, name: str, **fields: Any) -> str:
    request = customer_service_pb2.CreateCustomerRequest(
        customer=customer_pb2.Customer(name=name, **fields),
        on_duplicate=customer_service_pb2.DUPLICATE_ACTION_ALLOW,
    )
    return company.customers.CreateCustomer(request).customer.customer_id


PEOPLE = (
    ("Robert Stone", "bob@stone.example", "+1 415 555 0101", "12 Oak Lane, Boston, MA 02110"),
    ("Wanjiru Kamau", "wanjiru.kamau@mail.example", "+1 212 555 0147", "880 Lakeview Drive, Austin, TX 78701"),
    ("Ingrid Svensson", "ingrid@svensson.example", "+1 503 555 0188", "4 Harbour Street, Portland, OR 97201"),
    ("Takeshi Mori", "t.mori@post.example", "+1 312 555 0122", "77 Prairie Avenue, Chicago, IL 60616"),
)


def twins(company: Company, number: int, copies: int = 2) -> list[str]:
    """The ids of customers that are surely one; the last one is the most complete."""
    name, email, phone, address = PEOPLE[number]
    known = {"email": email, "phone": phone}
    return [
        create(company, name, **known, **({"address": address} if copy == copies - 1 else {})) for copy in range(copies)
    ]


def scanned(company: Company) -> matching_service_pb2.Scan:
    """A finished scan of all that is committed."""
    asked = matching_service_pb2.ScanDuplicatesRequest(at_least_as_fresh=company.everything())
    return ended_scan(company, insist(company.matching.ScanDuplicates, asked).scan.scan_id)


def run(company: Company, **request: Any) -> list[pb.AutoMergeResponse]:
    return list(company.merges.AutoMerge(pb.AutoMergeRequest(**request)))


def outcomes(parts: Sequence[pb.AutoMergeResponse]) -> list[pb.AutoMergeOutcome]:
    return [outcome for part in parts for outcome in part.outcomes]


def refused(company: Company, **request: Any) -> str:
    with pytest.raises(grpc.RpcError) as error:
        run(company, **request)
    return reason_of(error.value)


def test_sure_duplicates_merge_into_the_most_complete_one_and_the_log_says_on_what(company: Company) -> None:
    pairs = [twins(company, number) for number in range(3)]
    three = twins(company, 3, copies=3)
    namesakes = [create(company, "Ann Miller") for _ in range(2)]
    scan = scanned(company)
    parts = run(company, request_id=new_id())
    assert {outcome.result for outcome in outcomes(parts)} == {MERGED}
    assert {outcome.target_id for outcome in outcomes(parts)} == {*(pair[1] for pair in pairs), three[2]}
    assert parts[-1].counts == pb.AutoMergeCounts(total=4, done=4, merged=4, customers=5)
    assert (parts[0].scan.scan_id, parts[0].min_confidence) == (scan.scan_id, 90)
    for outcome in outcomes(parts):
        logged = company.merges.GetMerge(merge_service_pb2.GetMergeRequest(merge_id=outcome.merge_id)).merge
        told = logged.evidence
        assert (told.scan_id, told.policy_version, told.group_id) == (
            scan.scan_id,
            scan.model_version,
            outcome.group_id,
        )
        assert told.confidence == outcome.confidence >= 90
        assert (logged.reason, logged.merged_by.subject) == ("Merged automatically.", "developer")
    for namesake in namesakes:
        got = company.customers.GetCustomer(customer_service_pb2.GetCustomerRequest(customer_id=namesake))
        assert got.customer.state == customer_pb2.CUSTOMER_STATE_ACTIVE, "a name alone never merges"
    assert_no_half_merge(company)
    assert_mirrors_agree(company)
    assert outcomes(run(company)) == [], "what is merged is no duplicate any more"


def test_a_dry_run_says_the_same_and_changes_nothing(company: Company) -> None:
    twins(company, 0)
    scanned(company)
    tried = run(company, dry_run=True, request_id=new_id())
    assert [outcome.result for outcome in outcomes(tried)] == [WOULD_MERGE]
    assert tried[-1].counts == pb.AutoMergeCounts(total=1, done=1, would_merge=1, customers=1)
    done = run(company)
    assert [(one.target_id, list(one.source_ids)) for one in outcomes(done)] == [
        (one.target_id, list(one.source_ids)) for one in outcomes(tried)
    ]


def test_no_more_are_merged_than_asked_for_however_often_the_request_is_sent(company: Company) -> None:
    for number in range(4):
        twins(company, number)
    scanned(company)
    request_id = new_id()
    first = run(company, max_merges=3, request_id=request_id)
    assert [outcome.result for outcome in outcomes(first)] == [MERGED] * 3
    company.wait_for_followers()
    again = run(company, max_merges=3, request_id=request_id)
    assert [outcome.result for outcome in outcomes(again)] == [ALREADY] * 3
    assert [one.merge_id for one in outcomes(again)] == [one.merge_id for one in outcomes(first)]
    assert len(outcomes(run(company, max_merges=3))) == 1
    assert refused(company, max_merges=4, request_id=request_id) == "REQUEST_ID_REUSED"


def test_what_people_judged_is_left_to_people(suite: Suite, company: Company) -> None:
    different, unsure = twins(company, 0), twins(company, 1)
    scanned(company)
    with grpc.insecure_channel(suite.context()["matching"]) as channel:
        judge = ReviewServiceStub(channel).CreateJudgement
        said = ((different, review_service_pb2.VERDICT_DIFFERENT), (unsure, review_service_pb2.VERDICT_UNSURE))
        for pair, verdict in said:
            asked = review_service_pb2.CreateJudgementRequest(left_id=pair[0], right_id=pair[1], verdict=verdict)
            judge(asked, metadata=(("authorization", f"Bearer {suite.token(company.id)}"),))
    parts = run(company)
    assert {outcome.result for outcome in outcomes(parts)} == {SKIPPED}
    skips = {outcome.target_id: outcome.skip for outcome in outcomes(parts)}
    assert skips[unsure[1]] == pb.AUTO_MERGE_SKIP_JUDGED_UNSURE
    assert skips.get(different[1], pb.AUTO_MERGE_SKIP_JUDGED_DIFFERENT) == pb.AUTO_MERGE_SKIP_JUDGED_DIFFERENT
    assert parts[-1].counts.skipped == parts[-1].counts.total


def test_a_customer_that_changed_since_it_was_compared_is_not_merged_as_it_was(company: Company) -> None:
    edited, deleted, merged = twins(company, 0), twins(company, 1), twins(company, 2)
    scanned(company)
    other = create(company, "Somebody Else")
    changed = customer_pb2.Customer(name="Quite Another", email="another@else.example")
    company.customers.UpdateCustomer(
        customer_service_pb2.UpdateCustomerRequest(customer_id=edited[0], customer=changed)
    )
    company.customers.DeleteCustomer(customer_service_pb2.DeleteCustomerRequest(customer_id=deleted[0]))
    company.merges.MergeCustomers(
        merge_service_pb2.MergeCustomersRequest(target_id=other, source_ids=merged[:1], allow_unpreviewed=True)
    )
    found = outcomes(run(company))
    assert {outcome.result for outcome in found} <= {SKIPPED}
    assert {outcome.skip for outcome in found} <= {pb.AUTO_MERGE_SKIP_CHANGED}
    for customer_id in (edited[1], deleted[1], merged[1]):
        got = company.customers.GetCustomer(customer_service_pb2.GetCustomerRequest(customer_id=customer_id))
        assert list(got.customer.merged_customer_ids) == []


def test_an_active_customer_stays_rather_than_an_inactive_one(company: Company) -> None:
    plain, complete = twins(company, 0)
    company.customers.DeactivateCustomer(states_pb2.DeactivateCustomerRequest(customer_id=complete))
    scanned(company)
    [outcome] = outcomes(run(company))
    assert (outcome.result, outcome.target_id) == (MERGED, plain)


def test_it_takes_a_scan_by_the_policy_that_holds_and_a_confidence_that_it_accepts(company: Company) -> None:
    twins(company, 0)
    assert refused(company) == "SCAN_REQUIRED"
    scanned(company)
    assert refused(company, min_confidence=89) == "FIELDS_INVALID"
    assert refused(company, max_merges=-1, request_id="x") == "FIELDS_INVALID"
    company.matching.SetPolicy(policy_pb2.SetPolicyRequest(kind=policy_pb2.POLICY_KIND_LADDER))
    assert refused(company) == "SCAN_REQUIRED"


def test_another_company_has_nothing_to_merge_of_it(suite: Suite, company: Company) -> None:
    twins(company, 0)
    scanned(company)
    with company_of(suite, f"other-{uuid.uuid4()}") as other:
        twins(other, 1)
        scanned(other)
        assert len(outcomes(run(other, dry_run=True))) == 1
        assert len(outcomes(run(company, dry_run=True))) == 1

"""The calls about policies and groups through the whole service: translated, refused, kept apart by company."""

from typing import cast

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import survivorship_pb2 as rules
from patronage.matching.v1 import matching_service_pb2 as pb
from patronage.matching.v1 import policy_pb2 as policy
from services.matching.domain.policy import LADDER_KIND, PolicyWish
from services.matching.operations.set_policy import set_policy
from tests.integration.matching.fake_customers import FakeCustomers
from tests.integration.matching.people import ANN, ANNE, Company, change
from tests.integration.matching.test_scans import stranger
from tests.integration.matching.test_service import (
    REQUEST_ID,
    Service,
    customers,
    failure_of,
    read_after,
    scanning,
    service,
    start,
)

__all__ = ["customers", "scanning", "service", "start"]

FELLEGI_SUNTER, LADDER = policy.POLICY_KIND_FELLEGI_SUNTER, policy.POLICY_KIND_LADDER


def bad_fields(error: grpc.RpcError) -> set[str]:
    """The fields that the details of a refusal name."""
    status = rpc_status.from_call(cast(grpc.Call, error))
    assert status is not None
    found = error_details_pb2.BadRequest()
    [bad] = [found for detail in status.details if detail.Unpack(found)]
    return {violation.field for violation in bad.field_violations}


def scanned(scanning: Service, customers: FakeCustomers) -> pb.ListDuplicateGroupsResponse:
    """A company with one group among strangers, scanned."""
    people = [change(number, **stranger(number)) for number in range(10, 40)]
    xid = customers.send("acme", change(1, **ANN), change(2, **ANNE), *people)
    asked = pb.ScanDuplicatesRequest(at_least_as_fresh=read_after(xid))
    scan = scanning.ended_scan(scanning.matching.ScanDuplicates(asked, metadata=scanning.token()).scan.scan_id)
    assert scan.state == pb.SCAN_STATE_DONE
    return scanning.matching.ListDuplicateGroups(pb.ListDuplicateGroupsRequest(), metadata=scanning.token())


def test_a_policy_is_set_once_under_one_request_id_and_read_back(service: Service) -> None:
    request = policy.SetPolicyRequest(kind=FELLEGI_SUNTER, accept_confidence=95, request_id=REQUEST_ID)
    first = service.matching.SetPolicy(request, metadata=service.token())
    assert service.matching.SetPolicy(request, metadata=service.token()) == first
    assert (first.policy.version, first.etag, first.policy.created_by) == ("policy-1", "policy-1", "ann")
    read = service.matching.GetPolicy(policy.GetPolicyRequest(), metadata=service.token())
    assert (read.policy, read.etag) == (first.policy, "policy-1")
    assert service.matching.GetPolicy(policy.GetPolicyRequest(), metadata=service.token("other")).etag == "shipped-1"
    levels = {one.name: one.levels for one in read.policy.comparisons}
    assert levels["email"][0].weight > 10


def test_who_has_no_time_to_wait_for_its_turn_is_told_to_repeat_the_call_before_its_deadline(
    service: Service, company: Company
) -> None:
    request = policy.SetPolicyRequest(kind=LADDER)
    with company.database.transaction(company.scope) as tx, pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.matching.servicer.matching.SPARE_S", 29.5)
        set_policy(tx, PolicyWish(LADDER_KIND, 90, 70, learns=False), "")
        with pytest.raises(grpc.RpcError) as failure:
            service.matching.SetPolicy(request, metadata=service.token(), timeout=30)
    assert failure_of(failure.value) == ("ABORTED", "LOCK_TIMEOUT")
    assert service.matching.SetPolicy(request, metadata=service.token()).etag == "policy-2"


def test_the_ladder_may_be_chosen_over_the_wire(service: Service) -> None:
    made = service.matching.SetPolicy(policy.SetPolicyRequest(kind=LADDER), metadata=service.token()).policy
    assert (made.kind, made.learns_with_each_scan) == (LADDER, False)
    assert [one.name for one in made.comparisons] == ["email", "phone", "name"]


def test_every_bad_field_of_a_policy_is_named(service: Service) -> None:
    level = policy.PolicyLevel(name="exact", m=2.0, u=0.0)
    request = policy.SetPolicyRequest(
        accept_confidence=10,
        reject_confidence=20,
        learns_with_each_scan=True,
        comparisons=[policy.PolicyComparison(name="email", levels=[level])],
    )
    with pytest.raises(grpc.RpcError) as failure:
        service.matching.SetPolicy(request, metadata=service.token())
    assert bad_fields(failure.value) == {
        "kind",
        "accept_confidence",
        "reject_confidence",
        "learns_with_each_scan",
        "comparisons[0].levels[0].m",
        "comparisons[0].levels[0].u",
    }


def rule(field: str, number: rules.SurvivorshipRule.ValueType) -> rules.FieldRule:
    return rules.FieldRule(field=field, rule=number)


def test_survivorship_is_set_by_itself_and_read_back(service: Service) -> None:
    wish = rules.Survivorship(
        default_rule=rules.SURVIVORSHIP_RULE_MOST_RECENT,
        rules=[
            rule("address", rules.SURVIVORSHIP_RULE_VERIFIED_FIRST),
            rule("metadata", rules.SURVIVORSHIP_RULE_UNION),
        ],
        source_priority=[customer_pb2.CUSTOMER_SOURCE_API, customer_pb2.CUSTOMER_SOURCE_MANUAL],
    )
    request = policy.SetPolicyRequest(survivorship=wish, etag="shipped-1")
    made = service.matching.SetPolicy(request, metadata=service.token()).policy
    assert (made.survivorship, made.kind, made.learns_with_each_scan) == (wish, FELLEGI_SUNTER, True)
    read = service.matching.GetPolicy(policy.GetPolicyRequest(), metadata=service.token()).policy
    assert read == made


def test_every_bad_field_of_survivorship_is_named(service: Service) -> None:
    wish = rules.Survivorship(
        default_rule=rules.SURVIVORSHIP_RULE_VERIFIED_FIRST,
        rules=[
            rule("tags", rules.SURVIVORSHIP_RULE_OLDEST),
            rule("etag", rules.SURVIVORSHIP_RULE_UNION),
            rule("do_not_contact", rules.SURVIVORSHIP_RULE_SOURCE_WINS),
            rule("name", rules.SURVIVORSHIP_RULE_OLDEST),
            rule("name", rules.SURVIVORSHIP_RULE_OLDEST),
            rule("name", 99),  # type: ignore[arg-type]
            rule("organization", rules.SURVIVORSHIP_RULE_UNSPECIFIED),
        ],
        source_priority=[customer_pb2.CUSTOMER_SOURCE_API] * 2,
    )
    with pytest.raises(grpc.RpcError) as failure:
        service.matching.SetPolicy(policy.SetPolicyRequest(survivorship=wish), metadata=service.token())
    assert bad_fields(failure.value) == {
        "survivorship.default_rule",
        "survivorship.rules[0].rule",
        "survivorship.rules[1].field",
        "survivorship.rules[2].rule",
        "survivorship.rules[4].field",
        "survivorship.rules[5].rule",
        "survivorship.rules[5].field",
        "survivorship.rules[6].rule",
        "survivorship.source_priority",
    }


def test_an_unknown_version_and_a_stale_etag_are_refused(service: Service) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        service.matching.GetPolicy(policy.GetPolicyRequest(version="policy-4"), metadata=service.token())
    assert failure.value.code() == grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.RpcError) as failure:
        service.matching.SetPolicy(policy.SetPolicyRequest(kind=LADDER, etag="policy-4"), metadata=service.token())
    assert failure.value.code() == grpc.StatusCode.ABORTED


def test_a_training_is_told_of_by_get_scan(scanning: Service, customers: FakeCustomers) -> None:
    xid = customers.send("acme", change(1, **ANN), change(2, **ANNE))
    asked = pb.TrainPolicyRequest(dry_run=True, at_least_as_fresh=read_after(xid))
    training = scanning.matching.TrainPolicy(asked, metadata=scanning.token()).training
    assert training.purpose == pb.SCAN_PURPOSE_TRAINING
    assert scanning.ended_scan(training.scan_id).state == pb.SCAN_STATE_DONE
    request = pb.GetScanRequest(scan_id=training.scan_id)
    learned = scanning.matching.GetScan(request, metadata=scanning.token()).learned
    assert (learned.version, learned.training.customers) == ("", 2)
    assert "too few" in learned.training.kept["model"]
    with pytest.raises(grpc.RpcError) as failure:
        scanning.matching.GetScan(request, metadata=scanning.token("other"))
    assert failure.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.usefixtures("early_answers")
def test_a_training_that_is_not_yet_followed_far_enough_is_refused(service: Service, customers: FakeCustomers) -> None:
    xid = customers.send("acme", change(1, **ANN))
    asked = pb.TrainPolicyRequest(at_least_as_fresh=read_after(xid + 100))
    with pytest.raises(grpc.RpcError) as failure:
        service.matching.TrainPolicy(asked, metadata=service.token(), timeout=30)
    assert failure_of(failure.value) == ("UNAVAILABLE", "NOT_YET_FRESH")


def test_groups_are_streamed_in_batches_with_the_scan_first(scanning: Service, customers: FakeCustomers) -> None:
    listed = scanned(scanning, customers)
    request = pb.StreamDuplicateGroupsRequest(batch_size=1)
    batches = list(scanning.matching.StreamDuplicateGroups(request, metadata=scanning.token()))
    assert [group for batch in batches for group in batch.groups] == list(listed.groups)
    assert batches[0].scan == listed.scan
    assert list(scanning.matching.StreamDuplicateGroups(request, metadata=scanning.token("other"))) == []
    bad = pb.StreamDuplicateGroupsRequest(batch_size=501, min_confidence=101)
    with pytest.raises(grpc.RpcError) as failure:
        list(scanning.matching.StreamDuplicateGroups(bad, metadata=scanning.token()))
    assert bad_fields(failure.value) == {"batch_size", "min_confidence"}


def test_a_group_says_its_state_its_policy_and_its_weakest_link(scanning: Service, customers: FakeCustomers) -> None:
    [group] = scanned(scanning, customers).groups
    assert group.state == pb.GROUP_STATE_FOUND
    assert {group.weakest_left_id, group.weakest_right_id} == {member.customer_id for member in group.members}
    assert group.model_version
    assert group.update_time.seconds > 0
    request = pb.ExplainGroupRequest(group_id=group.group_id)
    found = scanning.matching.ExplainGroup(request, metadata=scanning.token())
    assert found.group == group
    assert [pair.is_weakest_link for pair in found.pairs] == [True]
    assert found.pairs[0].explanation.score.match_weight == pytest.approx(group.match_weight, abs=2e-6)
    with pytest.raises(grpc.RpcError) as failure:
        scanning.matching.ExplainGroup(request, metadata=scanning.token("other"))
    assert failure.value.code() == grpc.StatusCode.NOT_FOUND


def test_what_to_do_with_a_group_follows_from_the_policy(scanning: Service, customers: FakeCustomers) -> None:
    [before] = scanned(scanning, customers).groups
    assert before.recommended_action == pb.RECOMMENDED_ACTION_MERGE
    request = policy.SetPolicyRequest(kind=FELLEGI_SUNTER, accept_confidence=100, reject_confidence=100)
    scanning.matching.SetPolicy(request, metadata=scanning.token())
    [after] = scanning.matching.ListDuplicateGroups(pb.ListDuplicateGroupsRequest(), metadata=scanning.token()).groups
    expected = pb.RECOMMENDED_ACTION_MERGE if after.confidence == 100 else pb.RECOMMENDED_ACTION_KEEP_SEPARATE
    assert after.recommended_action == expected


def test_two_strangers_were_never_compared(service: Service, customers: FakeCustomers) -> None:
    people = change(1, **ANN), change(2, **stranger(12)), change(3, **ANNE)
    token = read_after(customers.send("acme", *people))
    ids = [one.customer.customer_id for one in people]
    apart = pb.ExplainMatchRequest(left_id=ids[0], right_id=ids[1], at_least_as_fresh=token)
    found = service.matching.ExplainMatch(apart, metadata=service.token())
    assert found.never_compared
    assert found.explanation.prior_weight < 0
    assert found.explanation.comparisons
    together = pb.ExplainMatchRequest(left_id=ids[0], right_id=ids[2], at_least_as_fresh=token)
    assert not service.matching.ExplainMatch(together, metadata=service.token()).never_compared

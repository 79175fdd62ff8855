"""Which value survives a merge, through all three services: choices, rules, the company's policy, what is shipped."""

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import merge_preview_pb2, survivorship_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import policy_pb2
from services.local.suite import Suite
from tests.faults.company import Company, company_of, reason_of
from tests.system.merging import create, merge, shown


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    with company_of(suite, f"survivorship-{uuid.uuid4()}") as made:
        yield made


def set_survivorship(company: Company, **rules: Any) -> None:
    wish = survivorship_pb2.Survivorship(**rules)
    company.matching.SetPolicy(policy_pb2.SetPolicyRequest(survivorship=wish))


MOST_COMPLETE, SOURCE_WINS = (
    survivorship_pb2.SURVIVORSHIP_RULE_MOST_COMPLETE,
    survivorship_pb2.SURVIVORSHIP_RULE_SOURCE_WINS,
)


def rule(field: str, number: survivorship_pb2.SurvivorshipRule.ValueType) -> survivorship_pb2.FieldRule:
    return survivorship_pb2.FieldRule(field=field, rule=number)


def test_a_choice_counts_before_a_rule_that_before_the_policy_and_that_before_what_is_shipped(
    company: Company,
) -> None:
    set_survivorship(company, rules=[rule("organization", SOURCE_WINS), rule("birth_date", SOURCE_WINS)])
    of_ann: dict[str, Any] = {"organization": "Acme", "birth_date": {"year": 1980, "month": 1, "day": 1}}
    of_bo: dict[str, Any] = {"organization": "Bolt", "birth_date": {"year": 1990, "month": 2, "day": 2}}
    ann, bo = create(company, "Ann Lee", **of_ann), create(company, "Bo", **of_bo)
    how: Any = {
        "rules": [rule("name", MOST_COMPLETE), rule("organization", MOST_COMPLETE)],
        "choices": [{"field": "name", "customer_id": bo}],
    }
    seen = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo], **how))
    outcomes = {one.field: one for one in seen.fields}
    assert [outcomes[name].rule for name in ("name", "organization", "birth_date", "party_type")] == [
        merge_preview_pb2.OUTCOME_RULE_CHOSEN,
        merge_preview_pb2.OUTCOME_RULE_MOST_COMPLETE,
        merge_preview_pb2.OUTCOME_RULE_SOURCE_WINS,
        merge_preview_pb2.OUTCOME_RULE_TARGET_WINS,
    ]
    merged = company.merges.MergeCustomers(
        pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], preview_token=seen.preview_token, **how)
    )
    shown_now = merged.target
    assert (shown_now.name, shown_now.organization, shown_now.birth_date.year) == ("Bo", "Acme", 1990)
    assert merged.merge.policy_version == seen.policy_version == "policy-1"
    assert {one.field: one.rule for one in merged.merge.rules}["birth_date"] == SOURCE_WINS
    assert [(one.field, one.customer_id) for one in merged.merge.choices] == [("name", bo)]


def test_a_merge_that_was_made_follows_its_own_rules_whatever_policy_comes_later(company: Company) -> None:
    set_survivorship(company, default_rule=SOURCE_WINS)
    ann, bo, cy = create(company, "Ann"), create(company, "Bo"), create(company, "Cy")
    first = merge(company, ann, bo)
    set_survivorship(company)
    assert shown(company, ann).name == "Bo"
    second = merge(company, ann, cy)
    assert second.target.name == "Bo"
    company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=second.merge.merge_id))
    company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=first.merge.merge_id))
    assert (shown(company, ann).name, shown(company, bo).name) == ("Ann", "Bo")


def test_a_changed_survivorship_makes_a_preview_stale_and_a_retry_keep_its_first_result(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    token = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo])).preview_token
    set_survivorship(company, default_rule=SOURCE_WINS)
    asked = pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], preview_token=token)
    with pytest.raises(grpc.RpcError) as stale:
        company.merges.MergeCustomers(asked)
    assert reason_of(stale.value) == "PREVIEW_STALE"
    request_id = str(uuid.uuid4())
    first = merge(company, ann, bo, request_id=request_id)
    assert first.target.name == "Bo"
    set_survivorship(company)
    again = merge(company, ann, bo, request_id=request_id)
    assert (again.merge, again.target) == (first.merge, first.target)

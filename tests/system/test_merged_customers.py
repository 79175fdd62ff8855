"""Customers that were merged, through all three services: old ids, what shows where, what a merge says of itself."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type import money_pb2

from patronage.analytics.v1 import metrics_service_pb2 as metrics
from patronage.analytics.v1 import overview_pb2, sales_service_pb2
from patronage.customers.v1 import (
    activity_service_pb2,
    contact_permission_pb2,
    conversation_pb2,
    conversation_service_pb2,
    customer_pb2,
    engagement_service_pb2,
    lifecycle_pb2,
    listing_pb2,
    lookup_pb2,
    merge_preview_pb2,
    note_service_pb2,
    preferences_pb2,
    survivorship_pb2,
    tags_pb2,
    timeline_pb2,
    views_pb2,
)
from patronage.customers.v1 import customer_service_pb2 as customers
from patronage.matching.v1 import matching_service_pb2, policy_pb2, review_service_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from services.local.suite import Suite
from tests.faults.company import Company, company_of, reason_of


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    with company_of(suite, f"merged-{uuid.uuid4()}") as made:
        yield made


def create(company: Company, name: str, **fields: Any) -> str:
    customer = customer_pb2.Customer(name=name, **fields)
    allow = customers.CreateCustomerRequest(customer=customer, on_duplicate=customers.DUPLICATE_ACTION_ALLOW)
    return company.customers.CreateCustomer(allow).customer.customer_id


def merge(company: Company, target: str, *sources: str, **how: Any) -> pb.MergeCustomersResponse:
    asked = pb.MergeCustomersRequest(target_id=target, source_ids=sources, allow_unpreviewed=True, **how)
    return company.merges.MergeCustomers(asked)


def shown(company: Company, customer_id: str) -> customer_pb2.Customer:
    return company.customers.GetCustomer(customers.GetCustomerRequest(customer_id=customer_id)).customer


@dataclass(frozen=True)
class Chain:
    """A customer that was merged into another one, which was merged into the root."""

    company: Company
    old: str
    middle: str
    root: str

    def fresh(self) -> str:
        """A token for reads of the other services that must know of the merges."""
        return self.company.everything()


@pytest.fixture
def chain(company: Company) -> Chain:
    ids = [customer_pb2.ExternalId(system="crm", external_id="7")]
    old, middle, root = create(company, "Old", external_ids=ids), create(company, "Middle"), create(company, "Root")
    merge(company, middle, old)
    merge(company, root, middle)
    return Chain(company, old, middle, root)


def got(chain: Chain) -> object:
    found = chain.company.customers.GetCustomer(customers.GetCustomerRequest(customer_id=chain.old))
    return found.customer.customer_id, found.merged_from


def got_with_others(chain: Chain) -> object:
    asked = customers.BatchGetCustomersRequest(customer_ids=[chain.old, chain.middle])
    found = chain.company.customers.BatchGetCustomers(asked).customers
    assert {one.merged_from for one in found} == {chain.old, chain.middle}
    return {one.customer.customer_id for one in found}, chain.old


def looked_up(chain: Chain) -> object:
    asked = lookup_pb2.LookupCustomersRequest(external_ids=[{"system": "crm", "external_id": "7"}])  # type: ignore[list-item]
    [found] = chain.company.customers.LookupCustomers(asked).customers
    return found.customer.customer_id, found.merged_from


def edited(chain: Chain) -> object:
    customer = customer_pb2.Customer(organization="Acme")
    mask = FieldMask(paths=["organization"])
    asked = customers.UpdateCustomerRequest(customer_id=chain.old, customer=customer, update_mask=mask)
    found = chain.company.customers.UpdateCustomer(asked).customer
    assert shown(chain.company, chain.root).organization == "Acme"
    return found.customer_id, chain.old


def tagged(chain: Chain) -> object:
    chain.company.customers.AddTags(tags_pb2.AddTagsRequest(customer_id=chain.old, tags=["late"]))
    assert list(shown(chain.company, chain.root).tags) == ["late"]
    return chain.root, chain.old


def staged(chain: Chain) -> object:
    stage = customer_pb2.LIFECYCLE_STAGE_CHURNED
    asked = lifecycle_pb2.ChangeLifecycleStageRequest(customer_id=chain.old, stage=stage)
    return chain.company.customers.ChangeLifecycleStage(asked).customer.customer_id, chain.old


def asked_for_consent(chain: Chain) -> object:
    asked = preferences_pb2.UpdatePreferencesRequest(customer_id=chain.old)
    asked.preferences.do_not_contact = True
    chain.company.customers.UpdatePreferences(asked)
    channel, purpose = contact_permission_pb2.CONTACT_CHANNEL_EMAIL, contact_permission_pb2.CONTACT_PURPOSE_OFFERS
    for customer_id in (chain.old, chain.root):
        question = contact_permission_pb2.CheckContactPermissionRequest(
            customer_id=customer_id, channel=channel, purpose=purpose
        )
        assert not chain.company.customers.CheckContactPermission(question).permission.allowed
    return chain.root, chain.old


def looked_at(chain: Chain) -> object:
    views = [
        chain.company.customers.RecordView(views_pb2.RecordViewRequest(customer_id=one)).views.view_count
        for one in (chain.old, chain.root)
    ]
    assert views == [1, 2]
    return chain.root, chain.old


def noted(chain: Chain) -> object:
    note = note_service_pb2.Note(content="called")
    made = chain.company.notes.CreateNote(note_service_pb2.CreateNoteRequest(customer_id=chain.old, note=note)).note
    for customer_id in (chain.old, chain.middle, chain.root):
        [found] = chain.company.notes.ListNotes(note_service_pb2.ListNotesRequest(customer_id=customer_id)).notes
        assert found == made
    return chain.root, made.origin_customer_id


def acted_upon(chain: Chain) -> object:
    activity = activity_service_pb2.Activity(type=activity_service_pb2.ACTIVITY_TYPE_CALL, title="called")
    asked = activity_service_pb2.CreateActivityRequest(customer_id=chain.old, activity=activity)
    chain.company.activities.CreateActivity(asked)
    for customer_id in (chain.old, chain.root):
        listing = activity_service_pb2.ListActivitiesRequest(customer_id=customer_id)
        [found] = chain.company.activities.ListActivities(listing).activities
    return chain.root, found.origin_customer_id


def engaged(chain: Chain) -> object:
    lead = engagement_service_pb2.Engagement(kind=engagement_service_pb2.ENGAGEMENT_KIND_LEAD, title="kitchen")
    asked = engagement_service_pb2.CreateEngagementRequest(customer_id=chain.old, engagement=lead)
    chain.company.engagements.CreateEngagement(asked)
    for customer_id in (chain.old, chain.root):
        listing = engagement_service_pb2.ListEngagementsRequest(customer_id=customer_id)
        [found] = chain.company.engagements.ListEngagements(listing).engagements
    return chain.root, found.origin_customer_id


def told_in_time(chain: Chain) -> object:
    found = [
        chain.company.customers.ListTimeline(timeline_pb2.ListTimelineRequest(customer_id=one)).entries
        for one in (chain.old, chain.root)
    ]
    assert found[0] == found[1]
    return chain.root, next(entry.origin_customer_id for entry in found[0] if entry.origin_customer_id == chain.old)


def talked_to(chain: Chain) -> object:
    talk = conversation_pb2.Conversation(session_id=str(uuid.uuid4()))
    recorded = conversation_service_pb2.RecordConversationRequest(conversation=talk, customer_id=chain.old)
    chain.company.talks.RecordConversation(recorded)
    other = chain.company.talks.RecordConversation(
        conversation_service_pb2.RecordConversationRequest(
            conversation=conversation_pb2.Conversation(session_id=str(uuid.uuid4()))
        )
    ).conversation
    linked = conversation_service_pb2.LinkConversationRequest(
        conversation_id=other.conversation_id, customer_id=chain.old
    )
    chain.company.talks.LinkConversation(linked)
    for customer_id in (chain.old, chain.root):
        listing = conversation_service_pb2.ListConversationsRequest(customer_id=customer_id)
        found = chain.company.talks.ListConversations(listing).conversations
        assert len(found) == 2
    return chain.root, {one.origin_customer_id for one in found}.pop()


def sold_to(chain: Chain) -> object:
    sale = sales_service_pb2.Sale(sale_id=str(uuid.uuid4()), total_amount=money_pb2.Money(currency_code="KES", units=5))
    fresh = chain.fresh()
    asked = sales_service_pb2.RecordSaleRequest(customer_id=chain.old, sale=sale, at_least_as_fresh=fresh)
    chain.company.sales.RecordSale(asked)
    for customer_id in (chain.old, chain.root):
        listing = sales_service_pb2.ListSalesRequest(customer_id=customer_id, at_least_as_fresh=fresh)
        [found] = chain.company.sales.ListSales(listing).sales
    figures = chain.company.metrics.GetCustomerMetrics(metrics.GetCustomerMetricsRequest(customer_id=chain.old)).metrics
    assert figures.total_purchases == 1
    return figures.customer_id, found.origin_customer_id


def summed_up(chain: Chain) -> object:
    asked = overview_pb2.GetCustomerOverviewRequest(customer_id=chain.old, at_least_as_fresh=chain.fresh())
    return chain.company.overviews.GetCustomerOverview(asked).customer.customer_id, chain.old


def matched(chain: Chain) -> object:
    twin = create(chain.company, "Middle")
    asked = matching_service_pb2.FindDuplicatesRequest(
        customer_id=chain.old, min_confidence=0, at_least_as_fresh=chain.fresh()
    )
    found = chain.company.matching.FindDuplicates(asked).candidates
    assert chain.root not in {one.customer_id for one in found}
    judged = review_service_pb2.CreateJudgementRequest(
        left_id=chain.old, right_id=twin, verdict=review_service_pb2.VERDICT_DIFFERENT
    )
    chain.company.reviews.CreateJudgement(judged)
    with pytest.raises(grpc.RpcError) as refused:
        merge(chain.company, chain.root, twin)
    assert reason_of(refused.value) == "JUDGED_DIFFERENT"
    return chain.root, chain.old


def logged(chain: Chain) -> object:
    found = chain.company.merges.ListMerges(pb.ListMergesRequest(customer_id=chain.old)).merges
    return chain.root, found[0].source_ids[0]


USES: list[Callable[[Chain], object]] = [
    *(
        got,
        got_with_others,
        looked_up,
        edited,
        tagged,
        staged,
        asked_for_consent,
        looked_at,
        noted,
        acted_upon,
        engaged,
    ),
    *(told_in_time, talked_to, sold_to, summed_up, matched, logged),
]


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_an_old_id_is_good_for_everything_through_a_chain(chain: Chain, use: Callable[[Chain], object]) -> None:
    assert use(chain) in [(chain.root, chain.old), ({chain.root}, chain.old)]


def test_an_old_id_follows_its_customer_to_another_root_and_back(chain: Chain) -> None:
    new_root = create(chain.company, "Further")
    further = merge(chain.company, new_root, chain.root).merge
    assert shown(chain.company, chain.old).customer_id == new_root
    chain.company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=further.merge_id))
    assert shown(chain.company, chain.old).customer_id == chain.root


def test_after_a_merge_conversations_and_events_show_under_the_target_and_the_source_is_hidden(
    company: Company,
) -> None:
    ann = create(company, "Ann", email="ann@example.com", tags=["gold"])
    bo = create(company, "Bo", email="bo@example.com", phone="+1 202 555 0100", tags=["late"])
    talk = conversation_pb2.Conversation(session_id=str(uuid.uuid4()))
    company.talks.RecordConversation(
        conversation_service_pb2.RecordConversationRequest(conversation=talk, customer_id=bo)
    )
    note = note_service_pb2.Note(content="called")
    company.notes.CreateNote(note_service_pb2.CreateNoteRequest(customer_id=bo, note=note))
    merged = merge(company, ann, bo, reason="one person")
    [found] = company.talks.ListConversations(
        conversation_service_pb2.ListConversationsRequest(customer_id=ann)
    ).conversations
    assert found.origin_customer_id == bo
    entries = company.customers.ListTimeline(timeline_pb2.ListTimelineRequest(customer_id=ann)).entries
    assert bo in {entry.origin_customer_id for entry in entries}
    target = merged.target
    assert sorted(target.tags) == ["gold", "late"]
    assert {point.value for point in target.contact_points} >= {"ann@example.com", "bo@example.com"}
    assert (target.email, target.phone) == ("ann@example.com", "+1 202 555 0100")
    listed = company.customers.ListCustomers(listing_pb2.ListCustomersRequest()).customers
    assert [one.customer_id for one in listed] == [ann]
    [entry] = company.merges.ListMerges(pb.ListMergesRequest(customer_id=ann)).merges
    assert (entry.merge_id, entry.reason, list(entry.source_ids)) == (merged.merge.merge_id, "one person", [bo])


def test_the_answer_of_a_merge_has_the_customer_the_log_entry_and_the_counts(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    for _ in range(2):
        talk = conversation_pb2.Conversation(session_id=str(uuid.uuid4()))
        company.talks.RecordConversation(
            conversation_service_pb2.RecordConversationRequest(conversation=talk, customer_id=bo)
        )
    seen = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo]))
    request_id = str(uuid.uuid4())
    merged = merge(company, ann, bo, request_id=request_id)
    moves = {one.kind: one.count for one in merged.merge.moves}
    assert (merged.target.customer_id, moves["conversations"]) == (ann, 2)
    assert moves["events"] > 0
    assert list(merged.merge.moves) == list(seen.moves)
    assert company.merges.GetMerge(pb.GetMergeRequest(merge_id=merged.merge.merge_id)).merge == merged.merge
    assert merge(company, ann, bo, request_id=request_id).merge == merged.merge, "a retry has the first counts"


def test_a_duplicate_that_was_made_on_purpose_is_merged(company: Company) -> None:
    ann, twin = (create(company, "Ann", email="ann@example.com") for _ in range(2))
    refused = customers.CreateCustomerRequest(customer=customer_pb2.Customer(name="Ann", email="ann@example.com"))
    with pytest.raises(grpc.RpcError) as duplicate:
        company.customers.CreateCustomer(refused)
    assert reason_of(duplicate.value) == "DUPLICATE_CUSTOMER"
    merged = merge(company, ann, twin).target
    assert [point.value for point in merged.contact_points] == ["ann@example.com"]


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


def test_the_log_shows_what_was_before_and_after_a_merge_also_when_all_has_changed_since(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo", organization="Acme")
    before = [shown(company, customer_id) for customer_id in (ann, bo)]
    merged = merge(company, ann, bo)
    customer = customer_pb2.Customer(name="Anna")
    company.customers.UpdateCustomer(customers.UpdateCustomerRequest(customer_id=ann, customer=customer))
    company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=merged.merge.merge_id))
    asked = pb.GetMergeRequest(merge_id=merged.merge.merge_id, include_snapshot=True)
    found = company.merges.GetMerge(asked)
    assert (list(found.snapshot.before), found.snapshot.after) == (before, merged.target)
    [organization] = [one for one in found.fields if one.field == "organization"]
    assert (organization.outcome.string_value, organization.origin_customer_id) == ("Acme", bo)
    assert not company.merges.GetMerge(pb.GetMergeRequest(merge_id=merged.merge.merge_id)).HasField("snapshot")

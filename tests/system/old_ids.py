"""A customer at the end of a chain of merges, and everything that its old id is used for."""

import uuid
from collections.abc import Callable, Sequence
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
    lookup_pb2,
    note_service_pb2,
    preferences_pb2,
    tags_pb2,
    timeline_pb2,
    views_pb2,
)
from patronage.customers.v1 import customer_service_pb2 as customers
from patronage.matching.v1 import matching_service_pb2, review_service_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from tests.faults.company import Company, reason_of
from tests.system.merging import create, merge, shown


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


def chained(company: Company) -> Chain:
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


def under_the_root(chain: Chain, found: Callable[[str], Sequence[Any]]) -> object:
    """The customers for which a child that the old id was given is found: its origin stays, whoever asks."""
    of_each = [found(customer_id) for customer_id in (chain.old, chain.middle, chain.root)]
    [[child], *others] = of_each
    assert others == [[child], [child]]
    return chain.root, child.origin_customer_id


def noted(chain: Chain) -> object:
    note = note_service_pb2.Note(content="called")
    made = chain.company.notes.CreateNote(note_service_pb2.CreateNoteRequest(customer_id=chain.old, note=note)).note

    def found(customer_id: str) -> list[note_service_pb2.Note]:
        notes = chain.company.notes.ListNotes(note_service_pb2.ListNotesRequest(customer_id=customer_id)).notes
        assert list(notes) == [made]
        return list(notes)

    return under_the_root(chain, found)


def acted_upon(chain: Chain) -> object:
    activity = activity_service_pb2.Activity(type=activity_service_pb2.ACTIVITY_TYPE_CALL, title="called")
    asked = activity_service_pb2.CreateActivityRequest(customer_id=chain.old, activity=activity)
    chain.company.activities.CreateActivity(asked)

    def found(customer_id: str) -> list[activity_service_pb2.Activity]:
        listing = activity_service_pb2.ListActivitiesRequest(customer_id=customer_id)
        return list(chain.company.activities.ListActivities(listing).activities)

    return under_the_root(chain, found)


def engaged(chain: Chain) -> object:
    lead = engagement_service_pb2.Engagement(kind=engagement_service_pb2.ENGAGEMENT_KIND_LEAD, title="kitchen")
    asked = engagement_service_pb2.CreateEngagementRequest(customer_id=chain.old, engagement=lead)
    chain.company.engagements.CreateEngagement(asked)

    def found(customer_id: str) -> list[engagement_service_pb2.Engagement]:
        listing = engagement_service_pb2.ListEngagementsRequest(customer_id=customer_id)
        return list(chain.company.engagements.ListEngagements(listing).engagements)

    return under_the_root(chain, found)


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

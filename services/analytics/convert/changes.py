"""Changes of the feed as what this service keeps of them."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

from patronage.customers.v1 import change_feed_pb2, company_service_pb2, customer_pb2, engagement_service_pb2
from services.analytics.convert.money import money_input
from services.analytics.domain.mirror import (
    DEFAULT_TIME_ZONE,
    UNKNOWN_TIME,
    CompanyChange,
    CustomerChange,
    CustomerState,
    EngagementChange,
    PartyType,
    Stage,
    Told,
)
from services.analytics.domain.money import checked_amount
from services.analytics.domain.sales import ExternalReference
from services.runtime.failures import FieldCheck


def told(change: change_feed_pb2.Change) -> Told | None:
    """What a change tells; None where it is about a thing that this service does not keep."""
    if change.HasField("customer"):
        return _customer(change.customer, change.revision, by_merge=change.kind in _BY_MERGE)
    if change.HasField("engagement"):
        return _engagement(change.engagement, change.revision)
    if change.HasField("company"):
        return _company(change.company, change.revision)
    return None


_BY_MERGE = (change_feed_pb2.CHANGE_KIND_MERGED, change_feed_pb2.CHANGE_KIND_MERGE_UNDONE)


def _customer(customer: customer_pb2.Customer, revision: int, *, by_merge: bool) -> CustomerChange:
    organization = customer.party_type == customer_pb2.PARTY_TYPE_ORGANIZATION
    return CustomerChange(
        customer_id=customer.customer_id.lower(),
        revision=revision,
        name=customer.name,
        state=_state(customer.state),
        party_type=PartyType.ORGANIZATION if organization else PartyType.PERSON,
        merged_into=customer.merged_into.lower() or None,
        external_ids=tuple(ExternalReference(one.system, one.external_id) for one in customer.external_ids),
        email=customer.email,
        phone=customer.phone,
        customer_type=_name(customer_pb2.CustomerType, customer.customer_type, "CUSTOMER_TYPE_", "WALK_IN"),
        source=_name(customer_pb2.CustomerSource, customer.source, "CUSTOMER_SOURCE_", "API"),
        tags=tuple(customer.tags),
        stage=Stage(_name(customer_pb2.LifecycleStage, customer.lifecycle_stage, "LIFECYCLE_STAGE_", "PROSPECT")),
        staged_at=_time(customer, "lifecycle_stage_time") or _time(customer, "create_time") or UNKNOWN_TIME,
        joined_at=_time(customer, "create_time") or UNKNOWN_TIME,
        by_merge=by_merge,
    )


def _engagement(engagement: engagement_service_pb2.Engagement, revision: int) -> EngagementChange:
    value = None
    if engagement.HasField("value"):
        check = FieldCheck()
        value = checked_amount(money_input(engagement.value), check, "engagement.value")
        check.raise_if_any()
    return EngagementChange(
        engagement_id=engagement.engagement_id.lower(),
        revision=revision,
        origin_customer_id=engagement.origin_customer_id.lower(),
        kind=engagement_service_pb2.EngagementKind.Name(engagement.kind).removeprefix("ENGAGEMENT_KIND_"),
        status=engagement_service_pb2.EngagementStatus.Name(engagement.status).removeprefix("ENGAGEMENT_STATUS_"),
        value=value,
        converted_from=engagement.converted_from.lower() or None,
        status_time=_time(engagement, "status_time") or UNKNOWN_TIME,
        deleted=engagement.HasField("delete_time"),
    )


def _name(enum: Any, value: int, prefix: str, absent: str) -> str:
    """The name of a value, without its prefix; a value of a newer release raises, so that the change is parked."""
    return enum.Name(value).removeprefix(prefix) if value else absent


def _time(message: Message, field: str) -> datetime | None:
    if not message.HasField(field):
        return None
    time: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return time


def _state(state: customer_pb2.CustomerState.ValueType) -> CustomerState:
    """A state of a newer release that is unknown here raises, so that the change is parked and seen."""
    return CustomerState(customer_pb2.CustomerState.Name(state).removeprefix("CUSTOMER_STATE_"))


def _company(company: company_service_pb2.Company, revision: int) -> CompanyChange:
    settings = company.settings
    return CompanyChange(
        revision=revision, currency=settings.currency, time_zone=settings.time_zone or DEFAULT_TIME_ZONE
    )

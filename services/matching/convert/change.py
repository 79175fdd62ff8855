"""Change owns what matching reads of a change in the feed of customers."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from patronage.customers.v1 import change_feed_pb2, customer_pb2
from services.matching.convert.conversations import conversation_of
from services.matching.domain.conversation import Conversation
from services.matching.domain.customer_seen import CompanySeen, CustomerSeen, RawIdentity

RECENT = timedelta(days=1)
_THERE = change_feed_pb2.CHANGE_KIND_SNAPSHOT
_EMAIL = customer_pb2.CONTACT_POINT_KIND_EMAIL
_PHONE = customer_pb2.CONTACT_POINT_KIND_PHONE
_ADDRESS = customer_pb2.CONTACT_POINT_KIND_ADDRESS
_TALK = (change_feed_pb2.CHANGE_KIND_CONVERSATION_RECORDED, change_feed_pb2.CHANGE_KIND_CONVERSATION_CHANGED)
_ORGANIZATION = customer_pb2.PARTY_TYPE_ORGANIZATION
_STATE = {
    customer_pb2.CUSTOMER_STATE_ACTIVE: "ACTIVE",
    customer_pb2.CUSTOMER_STATE_INACTIVE: "INACTIVE",
    customer_pb2.CUSTOMER_STATE_MERGED: "MERGED",
    customer_pb2.CUSTOMER_STATE_DELETED: "DELETED",
    customer_pb2.CUSTOMER_STATE_ERASED: "ERASED",
}


def seen_of(change: change_feed_pb2.Change, epoch: str) -> CustomerSeen | CompanySeen | None:
    """Return what a change says; None for things that matching does not follow."""
    subject = change.WhichOneof("subject")
    if subject == "customer":
        return customer_seen(change.customer, epoch, change.revision)
    if subject == "company":
        return CompanySeen(change.company.settings.region or "US", epoch, change.revision)
    return None


def conversation_seen(change: change_feed_pb2.Change, epoch: str) -> Conversation | None:
    """Return a conversation that was recorded or has changed; None for all else.

    Of what is there already when following begins, it is what changed within a day: who starts the services and
    records a conversation at once must not meet one that is left out, and years of conversations must not come.
    """
    told = change.conversation
    if change.kind not in _TALK and not (change.kind == _THERE and _is_recent(told.update_time)):
        return None
    return conversation_of(told, epoch) if change.HasField("conversation") else None


def customer_seen(customer: customer_pb2.Customer, epoch: str, revision: int) -> CustomerSeen:
    """Return a customer as the mirror takes it over."""
    return CustomerSeen(
        customer_id=customer.customer_id,
        state=_STATE[customer.state],
        epoch=epoch,
        revision=revision,
        created_at=customer.create_time.ToDatetime(UTC),
        root_id=customer.merged_into,
        members=tuple(customer.merged_customer_ids),
        email=customer.email,
        phone=customer.phone,
        display_name=customer.name,
        raw=raw_identity(customer),
    )


def _is_recent(time: Timestamp) -> bool:
    return time.ToDatetime(UTC) >= datetime.now(UTC) - RECENT


def raw_identity(customer: customer_pb2.Customer) -> RawIdentity:
    """Return what identifies a customer; the name of a business is compared as an organisation's."""
    business = customer.party_type == _ORGANIZATION
    return RawIdentity(
        name="" if business else customer.name,
        given_name="" if business else customer.given_name,
        middle_name="" if business else customer.middle_name,
        family_name="" if business else customer.family_name,
        suffix="" if business else customer.suffix,
        organization=(customer.name if business else "") or customer.organization,
        emails=_values(customer, _EMAIL, customer.email),
        phones=_values(customer, _PHONE, customer.phone),
        addresses=_addresses(customer),
        birth_date=_date(customer.birth_date) or customer.birth_date_text,
        identifiers=tuple(customer.identifiers),
    )


def _values(customer: customer_pb2.Customer, kind: int, primary: str) -> tuple[str, ...]:
    points = (point.value for point in customer.contact_points if point.kind == kind)
    return tuple(dict.fromkeys(value for value in (primary, *points) if value))


def _addresses(customer: customer_pb2.Customer) -> tuple[str | tuple[str, ...], ...]:
    points = [point for point in customer.contact_points if point.kind == _ADDRESS]
    if not points:
        return (customer.address,) if customer.address else ()
    points.sort(key=lambda point: not point.primary)
    return tuple(dict.fromkeys(_address(point) for point in points))


def _address(point: customer_pb2.ContactPoint) -> str | tuple[str, ...]:
    parts = point.postal_address
    if not point.HasField("postal_address"):
        return point.value
    return (parts.street, parts.city, parts.region, parts.postal_code, parts.country)


def _date(date: Date) -> str:
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}" if date.year and date.month and date.day else ""

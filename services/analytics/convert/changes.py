"""Changes of the feed as what this service keeps of them."""

from patronage.customers.v1 import change_feed_pb2, company_service_pb2, customer_pb2
from services.analytics.domain.mirror import (
    DEFAULT_TIME_ZONE,
    CompanyChange,
    CustomerChange,
    CustomerState,
    PartyType,
    Told,
)
from services.analytics.domain.sales import ExternalReference


def told(change: change_feed_pb2.Change) -> Told | None:
    """What a change tells; None where it is about a thing that this service does not keep."""
    if change.HasField("customer"):
        return _customer(change.customer, change.revision)
    if change.HasField("company"):
        return _company(change.company, change.revision)
    return None


def _customer(customer: customer_pb2.Customer, revision: int) -> CustomerChange:
    organization = customer.party_type == customer_pb2.PARTY_TYPE_ORGANIZATION
    return CustomerChange(
        customer_id=customer.customer_id.lower(),
        revision=revision,
        name=customer.name,
        state=_state(customer.state),
        party_type=PartyType.ORGANIZATION if organization else PartyType.PERSON,
        merged_into=customer.merged_into.lower() or None,
        external_ids=tuple(ExternalReference(one.system, one.external_id) for one in customer.external_ids),
    )


def _state(state: customer_pb2.CustomerState.ValueType) -> CustomerState:
    """A state of a newer release that is unknown here raises, so that the change is parked and seen."""
    return CustomerState(customer_pb2.CustomerState.Name(state).removeprefix("CUSTOMER_STATE_"))


def _company(company: company_service_pb2.Company, revision: int) -> CompanyChange:
    settings = company.settings
    return CompanyChange(
        revision=revision, currency=settings.currency, time_zone=settings.time_zone or DEFAULT_TIME_ZONE
    )

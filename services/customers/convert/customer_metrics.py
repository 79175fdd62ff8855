"""A customer with its figures in messages."""

from __future__ import annotations

from typing import Protocol

from patronage.customers.v1 import customer_service_pb2 as pb
from services.customers.convert.conversation import metrics_message
from services.customers.convert.customer import Found, found_message
from services.customers.convert.lookup import views_message
from services.customers.domain.conversation_metrics import ConversationMetrics
from services.customers.domain.views import Views
from services.runtime.failures import FieldsInvalid, FieldViolation


class FoundWithMetrics(Protocol):
    """A customer, and the figures of its whole tree."""

    @property
    def found(self) -> Found: ...
    @property
    def conversations(self) -> ConversationMetrics: ...
    @property
    def views(self) -> Views: ...


def with_metrics(view: pb.CustomerView.ValueType) -> bool:
    """Whether a request asks for the figures too. Raises FieldsInvalid."""
    if view not in pb.CustomerView.values():
        raise FieldsInvalid([FieldViolation("view", "is not one of RECORD, WITH_METRICS")])
    return view == pb.CUSTOMER_VIEW_WITH_METRICS


def found_with_metrics(company_id: str, one: FoundWithMetrics) -> pb.GetCustomerResponse:
    """The answer to a read with figures."""
    message = found_message(company_id, one.found)
    message.conversation_metrics.CopyFrom(metrics_message(one.conversations))
    message.views.CopyFrom(views_message(one.views))
    return message

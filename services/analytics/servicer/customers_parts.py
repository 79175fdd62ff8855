"""The parts of an overview that the customers service has, read at once and each by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc

from patronage.analytics.v1 import overview_pb2 as pb
from patronage.customers.v1 import (
    customer_service_pb2,
    customer_service_pb2_grpc,
    engagement_service_pb2,
    engagement_service_pb2_grpc,
    note_service_pb2,
    note_service_pb2_grpc,
    preferences_pb2,
)
from services.runtime.interceptors.upstream import reason_of_upstream


@dataclass(frozen=True, slots=True)
class Part:
    """What was answered for a part, or the reason why nothing was."""

    answer: Any
    reason: str = ""


class CustomersParts:
    """Asks the customers service on behalf of a caller."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._customers = customer_service_pb2_grpc.CustomerServiceStub(channel)
        self._notes = note_service_pb2_grpc.NoteServiceStub(channel)
        self._engagements = engagement_service_pb2_grpc.EngagementServiceStub(channel)

    def read(
        self, customer_id: str, newest: int, metadata: tuple[tuple[str, str], ...], timeout: float
    ) -> Mapping[pb.OverviewPart.ValueType, Part]:
        """Each part; none takes longer than the time-out, and none waits for another."""
        asked = dict(self._calls(customer_id, newest))
        running = {
            part: call.future(request, metadata=metadata, timeout=timeout) for part, (call, request) in asked.items()
        }
        return {part: _part(call) for part, call in running.items()}

    def _calls(self, customer_id: str, newest: int) -> Iterator[tuple[pb.OverviewPart.ValueType, tuple[Any, Any]]]:
        whole = customer_service_pb2.CUSTOMER_VIEW_WITH_METRICS
        profile = customer_service_pb2.GetCustomerRequest(customer_id=customer_id, view=whole)
        yield pb.OVERVIEW_PART_PROFILE, (self._customers.GetCustomer, profile)
        notes = note_service_pb2.ListNotesRequest(customer_id=customer_id, page_size=newest)
        yield pb.OVERVIEW_PART_NOTES, (self._notes.ListNotes, notes)
        preferences = preferences_pb2.GetPreferencesRequest(customer_id=customer_id)
        yield pb.OVERVIEW_PART_PREFERENCES, (self._customers.GetPreferences, preferences)
        business = engagement_service_pb2.ListEngagementsRequest(customer_id=customer_id, page_size=newest)
        yield pb.OVERVIEW_PART_ENGAGEMENTS, (self._engagements.ListEngagements, business)


def _part(call: Any) -> Part:
    try:
        return Part(call.result())
    except grpc.RpcError as error:
        return Part(None, reason_of_upstream(error))

"""Client owns the stubs of every service, each opened at its first use, with the same settings for all calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import grpc

from patronage.analytics.v1 import metrics_service_pb2_grpc, overview_pb2_grpc, sales_service_pb2_grpc
from patronage.customers.v1 import (
    activity_service_pb2_grpc,
    audit_service_pb2_grpc,
    change_feed_pb2_grpc,
    company_service_pb2_grpc,
    conversation_service_pb2_grpc,
    customer_service_pb2_grpc,
    engagement_service_pb2_grpc,
    import_export_service_pb2_grpc,
    merge_storage_service_pb2_grpc,
    note_service_pb2_grpc,
)
from patronage.matching.v1 import matching_service_pb2_grpc, merge_service_pb2_grpc, review_service_pb2_grpc
from services.client.calls import Calls, LastWrite
from services.client.channel import open_channel, token_source
from services.client.settings import ClientSettings
from services.wire.closing import close_channels

S = TypeVar("S")


class PatronageClient:
    """Stubs by what they are for. Threads may share a client; `with` closes its channels.

    A unary call is waited for, with its repetitions, also where it is begun by `.future`: threads run at once.
    """

    def __init__(self, settings: ClientSettings, **calls: Any) -> None:
        self.settings = settings
        self._last_write = LastWrite()
        self._calls = Calls(settings, token_source(settings), self._last_write, **calls)
        self._channels: dict[str, tuple[grpc.Channel, grpc.Channel]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> PatronageClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every channel, calls under way included; takes two seconds at the most, whatever state gRPC is in."""
        with self._lock:
            closing = [opened for opened, _ in self._channels.values()]
            self._channels.clear()
        close_channels(closing)

    @property
    def change_token(self) -> str:
        """That of what this thread wrote last; give it to another thread or process that is to read it."""
        return self._last_write.token

    @change_token.setter
    def change_token(self, token: str) -> None:
        """What this thread reads from now on is at least as fresh."""
        self._last_write.token = token

    @property
    def customers(self) -> customer_service_pb2_grpc.CustomerServiceStub:
        return self._stub("customers", customer_service_pb2_grpc.CustomerServiceStub)

    @property
    def notes(self) -> note_service_pb2_grpc.NoteServiceStub:
        return self._stub("customers", note_service_pb2_grpc.NoteServiceStub)

    @property
    def activities(self) -> activity_service_pb2_grpc.ActivityServiceStub:
        return self._stub("customers", activity_service_pb2_grpc.ActivityServiceStub)

    @property
    def engagements(self) -> engagement_service_pb2_grpc.EngagementServiceStub:
        return self._stub("customers", engagement_service_pb2_grpc.EngagementServiceStub)

    @property
    def conversations(self) -> conversation_service_pb2_grpc.ConversationServiceStub:
        return self._stub("customers", conversation_service_pb2_grpc.ConversationServiceStub)

    @property
    def company(self) -> company_service_pb2_grpc.CompanyServiceStub:
        return self._stub("customers", company_service_pb2_grpc.CompanyServiceStub)

    @property
    def imports(self) -> import_export_service_pb2_grpc.ImportExportServiceStub:
        return self._stub("customers", import_export_service_pb2_grpc.ImportExportServiceStub)

    @property
    def audit(self) -> audit_service_pb2_grpc.AuditServiceStub:
        return self._stub("customers", audit_service_pb2_grpc.AuditServiceStub)

    @property
    def feed(self) -> change_feed_pb2_grpc.ChangeFeedServiceStub:
        return self._stub("customers", change_feed_pb2_grpc.ChangeFeedServiceStub)

    @property
    def merge_storage(self) -> merge_storage_service_pb2_grpc.MergeStorageServiceStub:
        return self._stub("customers", merge_storage_service_pb2_grpc.MergeStorageServiceStub)

    @property
    def matching(self) -> matching_service_pb2_grpc.MatchingServiceStub:
        return self._stub("matching", matching_service_pb2_grpc.MatchingServiceStub)

    @property
    def merges(self) -> merge_service_pb2_grpc.MergeServiceStub:
        return self._stub("matching", merge_service_pb2_grpc.MergeServiceStub)

    @property
    def reviews(self) -> review_service_pb2_grpc.ReviewServiceStub:
        return self._stub("matching", review_service_pb2_grpc.ReviewServiceStub)

    @property
    def sales(self) -> sales_service_pb2_grpc.SalesServiceStub:
        return self._stub("analytics", sales_service_pb2_grpc.SalesServiceStub)

    @property
    def metrics(self) -> metrics_service_pb2_grpc.MetricsServiceStub:
        return self._stub("analytics", metrics_service_pb2_grpc.MetricsServiceStub)

    @property
    def overviews(self) -> overview_pb2_grpc.OverviewServiceStub:
        return self._stub("analytics", overview_pb2_grpc.OverviewServiceStub)

    def _stub(self, service: str, stub: Callable[[grpc.Channel], S]) -> S:
        with self._lock:
            if service not in self._channels:
                opened = open_channel(self.settings, service)
                self._channels[service] = (opened, grpc.intercept_channel(opened, self._calls))
            return stub(self._channels[service][1])

"""Sales look: what customers bought, asked of analytics if it is there, and never waited for."""

from collections.abc import Callable
from typing import Any

import grpc

from patronage.analytics.v1 import metrics_service_pb2 as pb
from patronage.analytics.v1 import metrics_service_pb2_grpc as grpc_pb
from services.runtime.service_channel import on_behalf
from services.runtime.waiting import remaining_s

LONGEST_S = 0.2

Answer = Callable[[], pb.BatchGetCustomerMetricsResponse | None]


class SalesLook:
    """Asks as the caller, who sees no figures that its own token does not let it read."""

    def __init__(self, metrics: grpc_pb.MetricsServiceStub | None) -> None:
        self._metrics = metrics

    def begin(self, request: pb.BatchGetCustomerMetricsRequest, context: Any) -> Answer:
        """Ask, and return what waits for the answer: None where there is none in time."""
        if self._metrics is None:
            return lambda: None
        timeout = min(LONGEST_S, remaining_s(context))
        call = self._metrics.BatchGetCustomerMetrics.future(request, timeout=timeout, metadata=on_behalf(context))

        def answer() -> pb.BatchGetCustomerMetricsResponse | None:
            try:
                return call.result()
            except grpc.RpcError:
                return None

        return answer

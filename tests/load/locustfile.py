"""Callers of the matching service for locust: mixed reads, as many a second as RATE asks for, or as fast as they can.

gRPC waits in C, which gevent cannot see; `init_gevent` makes it wait in gevent's own way, as locust's documents advise.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.experimental.gevent as grpc_gevent
from locust import User, constant, constant_throughput, task

from patronage.customers.v1 import customer_pb2
from patronage.matching.v1 import matching_service_pb2 as pb
from patronage.matching.v1 import matching_service_pb2_grpc
from tests.load.plan import VARIABLE, Plan

grpc_gevent.init_gevent()

RATE = float(os.environ.get("PATRONAGE_LOAD_RATE", "0"))
"""Calls a second of each user; 0: the next one as soon as the last one is answered."""

PLAN = Plan.read(Path(os.environ[VARIABLE]))
DEADLINE_S = 10.0


class Caller(User):
    """One caller with a connection of its own."""

    wait_time = constant_throughput(RATE) if RATE else constant(0)

    def on_start(self) -> None:
        """Connect."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.insecure_channel(PLAN.target, options=options)
        self._stub = matching_service_pb2_grpc.MatchingServiceStub(self._channel)
        self._metadata = (("authorization", f"Bearer {PLAN.token}"),)
        self._page_token = ""
        self._dice = random.Random()

    def on_stop(self) -> None:
        """Hang up."""
        self._channel.close()

    @task(40)
    def find_duplicates(self) -> None:
        """Ask who else a customer may be."""
        self._call(self._stub.FindDuplicates, pb.FindDuplicatesRequest(customer_id=self._dice.choice(PLAN.ids)))

    @task(30)
    def match_record(self) -> None:
        """Ask who a record from outside may be."""
        name, email, phone, address = self._dice.choice(PLAN.records)
        record = customer_pb2.Customer(name=name, email=email, phone=phone, address=address)
        self._call(self._stub.MatchRecord, pb.MatchRecordRequest(record=record))

    @task(15)
    def explain_match(self) -> None:
        """Ask why two members of a group match."""
        left, right = self._dice.choice(PLAN.pairs)
        self._call(self._stub.ExplainMatch, pb.ExplainMatchRequest(left_id=left, right_id=right))

    @task(15)
    def list_duplicate_groups(self) -> None:
        """Leaf through the groups of the last scan."""
        request = pb.ListDuplicateGroupsRequest(page_size=20, page_token=self._page_token)
        answer = self._call(self._stub.ListDuplicateGroups, request)
        self._page_token = answer.next_page_token if answer is not None else ""

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        """Call, and tell locust how long it took and whether it failed."""
        name, begun = type(request).__name__.removesuffix("Request"), time.perf_counter()
        answer, failure = None, None
        try:
            answer = method(request, metadata=self._metadata, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            failure = RuntimeError(f"{error.code().name}: {error.details()}")
        self.environment.events.request.fire(
            request_type="grpc",
            name=name,
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=answer.ByteSize() if answer is not None else 0,
            response=answer,
            context={},
            exception=failure,
        )
        return answer

"""A customers service that has a change feed and nothing else, and streams what a test sends."""

import queue
import threading
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc

from patronage.customers.v1 import change_feed_pb2 as pb
from patronage.customers.v1 import change_feed_pb2_grpc as grpc_pb
from patronage.customers.v1 import company_service_pb2, customer_pb2
from services.runtime.freshness import ChangeToken

COMPANY = "acme"


class FakeFeed(grpc_pb.ChangeFeedServiceServicer):
    """Streams its log after the cursor asked for, and keeps what it was asked."""

    def __init__(self) -> None:
        self.epoch = "e1"
        self.asked: queue.SimpleQueue[tuple[str, dict[str, str]]] = queue.SimpleQueue()
        self._horizon = 100
        self._log: list[pb.FollowChangesResponse] = []
        self._news = threading.Condition()
        self._stopped = False
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        grpc_pb.add_ChangeFeedServiceServicer_to_server(self, self._server)
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def send(self, *changes: pb.Change, snapshot_done: bool = False) -> str:
        """Send a batch; answers a change token that it meets."""
        with self._news:
            self._horizon += 10
            self._log.append(
                pb.FollowChangesResponse(
                    changes=changes,
                    cursor=f"{self.epoch} {self._horizon}",
                    epoch=self.epoch,
                    horizon=self._horizon,
                    is_checkpoint=not changes,
                    snapshot_done=snapshot_done,
                )
            )
            self._news.notify_all()
            return ChangeToken(self.epoch, self._horizon - 1).encode()

    def restore(self, epoch: str) -> None:
        """Be a database of another epoch, with a log of its own; open streams end."""
        with self._news:
            self.epoch, self._log, self._horizon = epoch, [], 0
            self._news.notify_all()

    def stop(self) -> None:
        """Go away."""
        with self._news:
            self._stopped = True
            self._news.notify_all()
        self._server.stop(None).wait()

    def FollowChanges(self, request: pb.FollowChangesRequest, context: Any) -> Iterator[pb.FollowChangesResponse]:  # noqa: N802
        self.asked.put((request.after_cursor, dict(context.invocation_metadata())))
        context.add_callback(self._wake)
        epoch = self.epoch
        if request.after_cursor and not request.after_cursor.startswith(f"{epoch} "):
            context.abort(grpc.StatusCode.OUT_OF_RANGE, "the cursor is of another epoch")
        sent = (
            [response.cursor for response in self._log].index(request.after_cursor) + 1 if request.after_cursor else 0
        )
        while response := self._next(sent, epoch, context):
            yield response
            sent += 1

    def _next(self, sent: int, epoch: str, context: Any) -> pb.FollowChangesResponse | None:
        def over() -> bool:
            return self._stopped or self.epoch != epoch or not context.is_active()

        with self._news:
            self._news.wait_for(lambda: over() or len(self._log) > sent)
            return None if over() else self._log[sent]

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()


def customer(
    customer_id: str,
    revision: int = 1,
    name: str = "Amina",
    into: str = "",
    state: int = customer_pb2.CUSTOMER_STATE_ACTIVE,
) -> pb.Change:
    """A change of a customer; one with a target is merged."""
    told = customer_pb2.Customer(
        customer_id=customer_id,
        company_id=COMPANY,
        name=name,
        merged_into=into,
        party_type=customer_pb2.PARTY_TYPE_PERSON,
        state=customer_pb2.CUSTOMER_STATE_MERGED if into else state,  # type: ignore[arg-type]
    )
    return pb.Change(company_id=COMPANY, revision=revision, kind=pb.CHANGE_KIND_UPDATED, customer=told)


def settings(time_zone: str, revision: int = 1) -> pb.Change:
    """A change of the company's settings."""
    company = company_service_pb2.Company(
        company_id=COMPANY,
        settings=company_service_pb2.CompanySettings(region="KE", currency="KES", time_zone=time_zone),
    )
    return pb.Change(company_id=COMPANY, revision=revision, kind=pb.CHANGE_KIND_SETTINGS_CHANGED, company=company)

"""The edge of a service: opens the transaction of a call, commits it, and answers a repeated request once.

A servicer method translates in, calls an operation inside `read` or `write`, and translates out.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from google.protobuf.message import Message
from psycopg.errors import DeadlockDetected, SerializationFailure

from services.runtime.caller import caller_of
from services.runtime.database import Database, Reader, Transaction
from services.runtime.failures import ConflictRetry, FieldsInvalid, FieldViolation
from services.runtime.idempotency import once
from services.runtime.ids import is_id

M = TypeVar("M", bound=Message)
T = TypeVar("T")

MOST_TRIES = 5
_FRESHNESS = "at_least_as_fresh"
BULK_SHARE = 4
"""One part in so many of the threads for unary calls, and so of the connections, is what bulk work may hold."""
MET_A_WRITER = (ConflictRetry, DeadlockDetected, SerializationFailure)


class Edge:
    """Opens transactions on behalf of callers. `committed` is called after each write that is committed.

    Of bulk work at most `bulk_writes` transactions run at once, so that it leaves connections to single calls.
    """

    def __init__(
        self, database: Database, committed: Callable[[], None] = lambda: None, *, bulk_writes: int = 2
    ) -> None:
        self._database = database
        self._committed = committed
        self._bulk = threading.BoundedSemaphore(bulk_writes)

    def read(self, context: Any, run: Callable[[Transaction], T]) -> T:
        """What `run` answers inside a transaction that only reads."""
        with self._database.transaction(caller_of(context).scope(), read_only=True) as tx:
            return run(tx)

    def look_up(self, context: Any, run: Callable[[Reader], T]) -> T:
        """What `run` answers from single reads that need no common moment; each is one round trip."""
        return run(self._database.reader(caller_of(context).scope()))

    def write(self, context: Any, request: Message, run: Callable[[Transaction], M]) -> M:
        """What `run` answers inside a transaction; the first answer again where the request id was used before.

        Where a concurrent writer won, nothing was written and all locks are free: `run` is called anew, a few times.
        """
        told = Once.of(request)
        return self.write_once(context, told, run, _response_type(request) if told else type(request))

    def write_once(
        self,
        context: Any,
        once: Once | None,
        run: Callable[[Transaction], M],
        response_type: type[Message],
    ) -> M:
        """As `write`, for a request, or a part of one, that was told apart before."""
        for _ in range(MOST_TRIES - 1):
            try:
                return self._write(context, once, run, response_type)
            except MET_A_WRITER:
                continue
        return self._write(context, once, run, response_type)

    def write_in_bulk(
        self,
        context: Any,
        once: Once | None,
        run: Callable[[Transaction], M],
        response_type: type[Message],
    ) -> M:
        """As `write_once`, in its turn among the parts of all bulk work; who waits holds no connection."""
        with self._bulk:
            return self.write_once(context, once, run, response_type)

    def _write(
        self,
        context: Any,
        once: Once | None,
        run: Callable[[Transaction], M],
        response_type: type[Message],
    ) -> M:
        with self._database.transaction(caller_of(context).scope()) as tx:
            tx.after_commit(self._committed)
            return once.answer(tx, run, response_type) if once else run(tx)


def bulk_share(workers: int) -> int:
    """How many transactions of bulk work may run at once in a service with so many threads for unary calls."""
    return max(1, workers // BULK_SHARE)


@dataclass(frozen=True, slots=True)
class Once:
    """What tells a request that may be sent again: its method, its id, and its content as a digest."""

    method: str
    request_id: str
    fingerprint: bytes

    @staticmethod
    def of(request: Message) -> Once | None:
        """That of a request; None where it has no id. Raises FieldsInvalid where the id is no UUID."""
        request_id: str = getattr(request, "request_id", "")
        if not request_id:
            return None
        if not is_id(request_id):
            raise FieldsInvalid([FieldViolation("request_id", "is no UUID")])
        content = type(request)()
        content.CopyFrom(request)
        content.ClearField("request_id")  # a UUID in capitals is the same one
        if _FRESHNESS in content.DESCRIPTOR.fields_by_name:
            content.ClearField(_FRESHNESS)  # a client asks for what it wrote last, which is another write the next time
        fingerprint = hashlib.sha256(content.SerializeToString(deterministic=True)).digest()
        return Once(type(request).__name__, request_id.lower(), fingerprint)

    def part(self, name: object) -> Once:
        """That of a part of the request that is done in a transaction of its own."""
        return replace(self, request_id=f"{self.request_id}:{name}")

    def answer(self, tx: Transaction, run: Callable[[Transaction], M], response_type: type[Message]) -> M:
        """The stored response of the first run, or that of the run now."""
        answered: list[M] = []

        def answer() -> bytes:
            answered.append(run(tx))
            return answered[0].SerializeToString()

        stored = once(tx, self.method, self.request_id, self.fingerprint, answer)
        return answered[0] if answered else response_type.FromString(stored)  # type: ignore[return-value]


def _response_type(request: Message) -> type[Message]:
    """The response class of a request class: by the contract's rule they stand in one file and differ in the ending."""
    found: type[Message] = getattr(
        sys.modules[type(request).__module__], type(request).__name__.removesuffix("Request") + "Response"
    )
    return found

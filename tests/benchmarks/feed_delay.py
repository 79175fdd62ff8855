"""Feed delay: from the answer to a write until a follower of the change feed has received it.

`measure` asks a customers service that runs; `python -m tests.benchmarks.feed_delay` starts one for itself.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import grpc

from patronage.customers.v1 import change_feed_pb2, change_feed_pb2_grpc, customer_service_pb2_grpc
from patronage.customers.v1.customer_pb2 import Customer
from patronage.customers.v1.customer_service_pb2 import CreateCustomerRequest
from services.runtime.tokens_jwt import issue_token

RECEIVE_WITHIN_S = 30.0


@dataclass(frozen=True)
class Delays:
    """Milliseconds; below zero where the change came before the answer to the write."""

    writes: int
    per_second: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    longest_ms: float


class _Follower:
    """Notes when each customer is received."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self.received: dict[str, float] = {}
        self.caught_up = threading.Event()
        self._more = threading.Condition()
        self._call: Any = change_feed_pb2_grpc.ChangeFeedServiceStub(channel).FollowChanges(
            change_feed_pb2.FollowChangesRequest(), metadata=_bearer(token)
        )
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def wait_for(self, customer_id: str) -> bool:
        with self._more:
            return self._more.wait_for(lambda: customer_id in self.received, RECEIVE_WITHIN_S)

    def close(self) -> None:
        self._call.cancel()
        self._thread.join()

    def _follow(self) -> None:
        try:
            for response in self._call:
                now = time.perf_counter()
                with self._more:
                    self.received.update((change.customer.customer_id, now) for change in response.changes)
                    self._more.notify_all()
                if response.is_checkpoint:
                    self.caught_up.set()
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.CANCELLED:
                raise


def measure(target: str, *, write_token: str, feed_token: str, writes: int = 500, per_second: float = 50) -> Delays:
    """Creates customers at a steady rate and says how long after the answer a follower had each.

    `write_token` is of one company with customers:write, `feed_token` of the same or of all with feed:read.
    """
    with grpc.insecure_channel(target) as writing, grpc.insecure_channel(target) as following:
        follower = _Follower(following, feed_token)
        try:
            follower.caught_up.wait(RECEIVE_WITHIN_S)
            answered = dict(_write(writing, write_token, writes, 1 / per_second))
            if not all(follower.wait_for(customer_id) for customer_id in answered):
                raise RuntimeError(f"a change was not received within {RECEIVE_WITHIN_S:.0f} s")
        finally:
            follower.close()
    delays = [(follower.received[customer_id] - at) * 1_000 for customer_id, at in answered.items()]
    cuts = statistics.quantiles(delays, n=100)
    return Delays(writes, per_second, *(round(value, 2) for value in (cuts[49], cuts[89], cuts[98], max(delays))))


def _write(channel: grpc.Channel, token: str, writes: int, every_s: float) -> Iterator[tuple[str, float]]:
    stub = customer_service_pb2_grpc.CustomerServiceStub(channel)
    start = time.perf_counter()
    for number in range(writes):
        request = CreateCustomerRequest(customer=Customer(name=f"Feed Delay {number}"))
        answer = stub.CreateCustomer(request, metadata=_bearer(token))
        yield answer.customer.customer_id, time.perf_counter()
        time.sleep(max(0.0, start + (number + 1) * every_s - time.perf_counter()))


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


@contextmanager
def _service() -> Iterator[tuple[str, str]]:
    """A customers service in a process of its own on a durable PostgreSQL; its target and token secret."""
    from services.local.postgres import Postgres
    from services.runtime import migration, provision

    secret = secrets.token_hex(32)
    folder = Path(tempfile.mkdtemp(prefix="patronage-bench-"))
    folder.chmod(0o711)
    try:
        with Postgres(folder / "server") as postgres:
            admin = postgres.admin_url()
            provision.provision(admin, "customers")
            migration.upgrade("customers", provision.role_url(admin, "customers", "owner"))
            roles = {"": "runtime", "FEED_": "feed"}
            urls = {name: provision.role_url(admin, "customers", role) for name, role in roles.items()}
            with _process(folder / "port", secret, urls) as target:
                yield target, secret
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _process(port_file: Path, secret: str, urls: dict[str, str]) -> Iterator[str]:
    own = {f"PATRONAGE_CUSTOMERS_{name}DATABASE_URL": url for name, url in urls.items()}
    own |= {"PATRONAGE_TOKEN_SECRET": secret, "PATRONAGE_PLAINTEXT": "true", "PATRONAGE_LOG_LEVEL": "WARNING"}
    own |= {"PATRONAGE_PORT_FILE": str(port_file), "PATRONAGE_DIE_WITH_PARENT": "1"}
    process = subprocess.Popen([sys.executable, "-m", "services.customers"], env={**os.environ, **own})
    try:
        while not port_file.exists():
            if process.poll() is not None:
                raise RuntimeError("the service did not start")
            time.sleep(0.05)
        yield f"127.0.0.1:{port_file.read_text().strip()}"
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Measures with a service of its own and prints the figures as JSON."""
    with _service() as (target, secret):
        write_token = issue_token(secret, "bench", "", "bench", ["customers:write"])
        feed_token = issue_token(secret, "bench", "", "*", ["feed:read"])
        for rate in (20, 100):
            found = measure(target, write_token=write_token, feed_token=feed_token, writes=500, per_second=rate)
            sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main()

"""Several processes serve one port: each answers, one that is killed comes back, and all drain together."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from patronage.matching.v1 import matching_service_pb2_grpc as matching_grpc
from patronage.matching.v1 import policy_pb2
from services.local.ports import reserve
from services.local.service_process import ServiceProcess
from services.local.tokens import Tokens
from tests.fixtures.databases import ServiceDatabase
from tests.integration.matching.fake_customers import FakeCustomers

LIMIT_S = 100.0
pytestmark = pytest.mark.timeout(4 * LIMIT_S)


@pytest.fixture
def service(matching_database: ServiceDatabase, tmp_path: Path) -> Iterator[ServiceProcess]:
    [port] = reserve(0, 1)
    customers = FakeCustomers()
    settings = {
        "PATRONAGE_PLAINTEXT": "true",
        "PATRONAGE_SHARE_PORT": "true",
        "PATRONAGE_TOKEN_SECRET": Tokens.of(tmp_path).secret,
        "PATRONAGE_CUSTOMERS": customers.target,
        "PATRONAGE_MATCHING_PROCESSES": "2",
        "PATRONAGE_MATCHING_DATABASE_URL": matching_database.runtime_url,
        "PATRONAGE_MATCHING_UPKEEP_DATABASE_URL": matching_database.upkeep_url,
        "PATRONAGE_MATCHING_SERVICE_TOKEN": Tokens.of(tmp_path).service("matching"),
    }
    process = ServiceProcess("matching", port.target, settings, tmp_path)
    process.start()
    process.wait_until_serving()
    yield process
    process.stop()
    customers.stop()
    port.release()


def siblings(process: ServiceProcess) -> set[int]:
    """The processes of the service that the first one has started, without those that have ended and are not yet
    collected, and without the one that waits to scan."""
    parent = process.process.pid
    children = Path(f"/proc/{parent}/task").glob("*/children")
    pids = {int(pid) for file in children for pid in file.read_text().split()}
    return {pid for pid in pids if "services.matching" in command_of(pid)}


def command_of(pid: int) -> list[str]:
    """What a process was started with; nothing where it has ended, whether or not it is collected."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def until(holds: Callable[[], bool]) -> None:
    give_up, tick = time.monotonic() + LIMIT_S, threading.Event()
    while not holds():
        assert time.monotonic() < give_up
        tick.wait(0.02)


def other_than(process: ServiceProcess, *ended: int) -> int:
    """The process beside the first one, once it serves too: by then none is just about to become another program."""
    found: list[set[int]] = []

    def serves() -> bool:
        found.append(siblings(process) - set(ended))
        return listeners(process.target) == 2 and len(found[-1]) == 1

    until(serves)
    return min(found[-1])


def listeners(target: str) -> int:
    """How many sockets listen on the port of the target."""
    port = f":{int(target.rpartition(':')[2]):04X}"
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    return sum(1 for line in lines if line[1].endswith(port) and line[3] == "0A")


def ask(target: str, folder: Path) -> str:
    """Ask over a connection of its own, which the kernel gives to any of the processes."""
    metadata = (("authorization", f"Bearer {Tokens.of(folder).developer('acme')}"),)
    with grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = matching_grpc.MatchingServiceStub(channel)
        return stub.GetPolicy(policy_pb2.GetPolicyRequest(), metadata=metadata, timeout=LIMIT_S).etag


def test_two_processes_share_the_port_one_that_is_killed_comes_back_and_all_end_with_the_first_one(
    service: ServiceProcess, tmp_path: Path
) -> None:
    first = other_than(service)
    assert {ask(service.target, tmp_path) for _ in range(8)} == {"shipped-1"}
    os.kill(first, signal.SIGKILL)
    other = other_than(service, first)
    assert {ask(service.target, tmp_path) for _ in range(8)} == {"shipped-1"}
    service.stop()
    assert not Path(f"/proc/{other}").exists()
    assert listeners(service.target) == 0


def test_a_first_process_that_is_killed_leaves_no_other_behind(service: ServiceProcess) -> None:
    other = other_than(service)
    service.kill()
    until(lambda: listeners(service.target) == 0)
    until(lambda: not any(command_of(other)))

"""FindDuplicates and MatchRecord beside the bare echo, in companies of two sizes; and a scan of 1,000 customers.

Run: python -m tests.benchmarks.matching_bench [--rows 100000 1000000] [--seconds 4] [--processes 1] [--folder KEPT]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import grpc
import psycopg

from patronage.customers.v1 import customer_pb2
from patronage.matching.v1 import matching_service_pb2 as pb
from patronage.matching.v1 import matching_service_pb2_grpc as matching_grpc
from services.local.ports import reserve
from services.local.postgres import Postgres
from services.local.service_process import ServiceProcess
from services.local.tokens import Tokens
from services.runtime import migration, provision
from tests.benchmarks import echo, load, mirror_fill
from tests.benchmarks.generated import generate
from tests.load.memory import family

SERVICE = "/patronage.matching.v1.MatchingService/"
ROUNDS = 3
SMALL = 1_000
SHARED_BY = 50_000
"""Customers of the larger company that have one e-mail, beside their own."""

SHARED_EMAIL = "info@shared.example"
_QUESTIONS = 4_000
_SHARE = """
    INSERT INTO match_keys (company_id, key, customer_id)
    SELECT company_id, %s, customer_id FROM match_records WHERE company_id = %s ORDER BY customer_id LIMIT %s
    ON CONFLICT DO NOTHING
"""


class Bench:
    """A matching service over a database of its own, with companies of generated customers."""

    def __init__(self, folder: Path, processes: int) -> None:
        self._folder = folder
        self._processes = processes

    @contextmanager
    def running(self, sizes: Sequence[int]) -> Iterator[Bench]:
        """Fill what is missing and serve, as long as the block lasts."""
        with ExitStack() as stack:
            server = stack.enter_context(Postgres(self._folder, durable=True))
            provision.provision(server.admin_url(), "matching")
            migration.upgrade("matching", server.url("matching_owner", "patronage_matching"))
            self.admin_url = server.admin_url("patronage_matching")
            for size in (SMALL, *sizes):
                self._fill(size)
            self.tokens = Tokens.of(self._folder)
            self._serve(stack, server)
            yield self

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.target)

    def token(self, size: int) -> str:
        return self.tokens.developer(_company(size))

    def measure(self, method: str, requests: Sequence[bytes], size: int, seconds: float) -> tuple[load.Load, float]:
        """The load, and about how many milliseconds of CPU a call takes the service, its database not counted."""
        before = _cpu_s(self._served)
        found = load.measure(self.target, SERVICE + method, requests, self.token(size), seconds)
        calls = found.per_second * (seconds + load.WARM_UP_S)
        return found, (_cpu_s(self._served) - before) / max(calls, 1.0) * 1000

    def scan(self, size: int) -> tuple[float, pb.Scan]:
        """Scan a company; answers the seconds from the call until its groups are listed."""
        metadata = (("authorization", f"Bearer {self.token(size)}"),)
        begun = time.perf_counter()
        with self.channel() as channel:
            stub = matching_grpc.MatchingServiceStub(channel)
            scan = stub.ScanDuplicates(pb.ScanDuplicatesRequest(), metadata=metadata).scan
            while scan.state in (pb.SCAN_STATE_PENDING, pb.SCAN_STATE_RUNNING):
                time.sleep(0.02)
                scan = stub.GetScan(pb.GetScanRequest(scan_id=scan.scan_id), metadata=metadata).scan
        return time.perf_counter() - begun, scan

    def _fill(self, size: int) -> None:
        with psycopg.connect(self.admin_url) as admin:
            if admin.execute("SELECT 1 FROM companies WHERE company_id = %s", (_company(size),)).fetchone():
                return
        source = self._folder / f"{size}.csv"
        generate(size).write(source)
        mirror_fill.fill(self.admin_url, _company(size), source, size)
        if size > SHARED_BY:
            with psycopg.connect(self.admin_url) as admin:
                key = mirror_fill.key_of_email(SHARED_EMAIL)
                admin.execute(_SHARE, (key, _company(size), SHARED_BY))

    def _serve(self, stack: ExitStack, server: Postgres) -> None:
        matching, nobody = reserve(0, 2)
        stack.callback(matching.release)
        stack.callback(nobody.release)
        self.target = matching.target
        roles = {role: server.url(f"matching_{role}", "patronage_matching") for role in ("runtime", "feed", "upkeep")}
        settings = {
            "PATRONAGE_PLAINTEXT": "true",
            "PATRONAGE_SHARE_PORT": "true",
            "PATRONAGE_TOKEN_SECRET": self.tokens.secret,
            "PATRONAGE_CUSTOMERS": nobody.target,
            "PATRONAGE_MATCHING_PROCESSES": str(self._processes),
            "PATRONAGE_MATCHING_DATABASE_URL": roles["runtime"],
            "PATRONAGE_MATCHING_FEED_DATABASE_URL": roles["feed"],
            "PATRONAGE_MATCHING_UPKEEP_DATABASE_URL": roles["upkeep"],
            "PATRONAGE_MATCHING_SERVICE_TOKEN": self.tokens.service("matching"),
        }
        process = ServiceProcess("matching", matching.target, settings, self._folder)
        process.start()
        stack.callback(process.stop)
        process.wait_until_serving()
        self._served = process.process.pid


def _cpu_s(pid: int) -> float:
    """The seconds of CPU that a process and those that it started have taken so far."""
    ticks = 0
    for one in family(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _company(size: int) -> str:
    return f"bench{size}"


def _finds(size: int) -> list[bytes]:
    dice = random.Random(size)
    ids = (mirror_fill.customer_id(dice.randrange(size)) for _ in range(_QUESTIONS))
    return [pb.FindDuplicatesRequest(customer_id=one).SerializeToString() for one in ids]


def _matches(size: int, email: str = "") -> list[bytes]:
    """Records like the company's own: the same file's rows with another seed share names, streets and places."""
    rows = generate(max(_QUESTIONS, 100), seed=size).rows
    records = (
        customer_pb2.Customer(name=name, email=email or mail, phone=phone, address=address)
        for name, mail, phone, address in rows
    )
    return [pb.MatchRecordRequest(record=one).SerializeToString() for one in records]


def lines(bench: Bench, sizes: Sequence[int], seconds: float) -> Iterator[str]:
    """Measure in rounds, each beside an echo of that round, and yield a line for each kind of call."""
    spent = sorted(bench.scan(SMALL)[0] for _ in range(3))[1]
    yield f"scan of {SMALL:,} customers, asked to listed: {spent * 1000:,.0f} ms"
    for size in sizes:
        spent, scan = bench.scan(size)
        yield f"scan of {size:,} customers: {spent:.1f} s, {scan.groups:,} groups, policy {scan.model_version}"
    kinds = [(method, size, asked(size)) for size in sizes for method, asked in _METHODS]
    kinds.append(("MatchRecord", sizes[-1], _matches(sizes[-1], SHARED_EMAIL)))
    found: dict[int, list[Round]] = {number: [] for number in range(len(kinds))}
    with echo.running() as target:
        for _ in range(ROUNDS):
            for number, (method, size, requests) in enumerate(kinds):
                bare = load.measure(target, echo.METHOD, [b"x" * 100], "", seconds / 4)
                found[number].append((*bench.measure(method, requests, size, seconds), bare))
    for number, (method, size, _) in enumerate(kinds):
        shared = f", e-mail shared by {SHARED_BY:,}" if number == len(kinds) - 1 else ""
        yield _line(f"{method} in {size:,}{shared}", found[number])


_METHODS = (("FindDuplicates", _finds), ("MatchRecord", _matches))


Round = tuple[load.Load, float, load.Load]
"""A load, the CPU of the service in milliseconds a call, and the echo beside it."""


def _line(what: str, found: list[Round]) -> str:
    middle = sorted((one for one, _, _ in found), key=lambda one: one.per_second)[len(found) // 2]
    ratio = statistics.median(one.per_second / bare.per_second for one, _, bare in found)
    cpu = statistics.median(one for _, one, _ in found)
    rate = f"{middle.per_second:,.0f} calls a second, p50 {middle.p50_ms} ms, p99 {middle.p99_ms} ms, CPU {cpu:.2f} ms"
    return f"{what:<52} {rate:<70} {ratio:.2f} of the echo"


def main() -> None:
    """Print the figures on this machine."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.matching_bench")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the companies")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each round of each kind of call takes")
    parser.add_argument("--processes", type=int, default=1, help="processes of the matching service")
    parser.add_argument("--folder", type=Path, help="keep the database here, and find it again")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="patronage-bench-"))
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    try:
        with Bench(folder, chosen.processes).running(chosen.rows) as bench:
            for line in lines(bench, chosen.rows, chosen.seconds):
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    finally:
        if chosen.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

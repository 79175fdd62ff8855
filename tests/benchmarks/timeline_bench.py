"""`python -m tests.benchmarks.timeline_bench` measures pages of a timeline over gRPC: ten members, 100,000 entries."""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import customer_service_pb2_grpc
from patronage.customers.v1 import timeline_pb2 as pb
from services.local.postgres import Postgres
from services.local.suite import Suite
from tests.benchmarks import timeline_fill
from tests.benchmarks.suite_bench import Line

COMPANY = "bench"
DEADLINE_S = 30.0


def lines(folder: Path, rows: int, turns: int) -> Iterator[Line]:
    """Fills a tree, then measures each question. One caller, one call at a time."""
    with Suite(folder / "suite") as suite:
        assert isinstance(suite.postgres, Postgres)
        begun = time.perf_counter()
        root = timeline_fill.fill(suite.postgres.admin_url("patronage_customers"), COMPANY, rows)
        yield Line(f"fill {rows:,} entries", f"{time.perf_counter() - begun:.1f} s", "by SQL")
        metadata = (("authorization", f"Bearer {suite.token(COMPANY)}"),)
        with grpc.insecure_channel(suite.context()["customers"]) as channel:
            stub = customer_service_pb2_grpc.CustomerServiceStub(channel)

            def ask(**question: Any) -> pb.ListTimelineResponse:
                request = pb.ListTimelineRequest(customer_id=root, **question)
                answer: pb.ListTimelineResponse = stub.ListTimeline(request, metadata=metadata, timeout=DEADLINE_S)
                return answer

            for name, question in _questions(ask, rows).items():
                yield Line(name, _spread(ask, question, turns), "aim 10 ms")


def _questions(ask: Any, rows: int) -> dict[str, dict[str, Any]]:
    middle, later = Timestamp(), Timestamp()
    half = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=rows // 2)
    middle.FromDatetime(half)
    later.FromDatetime(half + timedelta(days=1))
    deep = ask(end_time=middle, page_size=1000).next_page_token
    return {
        "first page": {},
        "oldest first": {"ascending": True},
        "100 entries": {"page_size": 100},
        "a page deep inside, by token": {"end_time": middle, "page_token": deep, "page_size": 20},
        "one day": {"start_time": middle, "end_time": later},
        "notes alone": {"kinds": [pb.TIMELINE_KIND_NOTE]},
        "a common type of event": {"event_types": [pb.EVENT_TYPE_UPDATED]},
        "a type that is there once": {"event_types": [pb.EVENT_TYPE_RESTORED]},
        "merges, of which there are none": {"kinds": [pb.TIMELINE_KIND_MERGE]},
    }


def _spread(ask: Any, question: dict[str, Any], turns: int) -> str:
    ask(**question)
    times = []
    for _ in range(turns):
        begun = time.perf_counter()
        ask(**question)
        times.append(time.perf_counter() - begun)
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"


def main() -> None:
    """Measures on a durable PostgreSQL in a temporary folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.timeline_bench")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=300, help="calls of each question")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="patronage-bench-"))
    folder.chmod(0o711)
    try:
        for line in lines(folder, chosen.rows, chosen.turns):
            print(f"{line.what:<40} {line.value:<34} {line.ratio}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"CPU seconds, all processes: {sum(one.ru_utime + one.ru_stime for one in used):.0f}")


if __name__ == "__main__":
    main()

"""`python -m tests.benchmarks.bulk_bench` prints how many customers a second a batch changes, and its longest part."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc

from patronage.customers.v1 import bulk_pb2 as pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2_grpc as customer_grpc
from patronage.customers.v1 import listing_pb2
from services.local.postgres import Postgres
from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.benchmarks.customers_fill import customer_id, fill

COMPANY = "bulk"
LONGEST_S = 600


def main() -> None:
    """Measures on a durable PostgreSQL in a temporary folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bulk_bench")
    parser.add_argument("--rows", type=int, default=100_000, help="customers of the company, and of each batch")
    rows = parser.parse_args().rows
    folder = Path(tempfile.mkdtemp(prefix="patronage-bulk-"))
    folder.chmod(0o711)
    try:
        for line in lines(folder, rows):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lines(folder: Path, rows: int) -> Iterator[str]:
    """Each figure as soon as it stands."""
    with Suite(folder / "suite") as suite:
        assert isinstance(suite.postgres, Postgres)
        fill(suite.postgres.admin_url("patronage_customers"), COMPANY, rows)
        token = suite.token(COMPANY)
        with grpc.insecure_channel(suite.context()["customers"]) as channel:
            stub = customer_grpc.CustomerServiceStub(channel)
            for method, request in batches([customer_id(number) for number in range(rows)]):
                yield measured(stub, method, request, token)


def batches(ids: list[str]) -> Iterator[tuple[str, Any]]:
    """Each batch over all customers, the first by a filter, and one that is sent again."""
    everyone = listing_pb2.CustomerFilter()
    churned, again = model.LIFECYCLE_STAGE_CHURNED, new_id()
    yield "BatchAddTags", pb.BatchAddTagsRequest(filter=everyone, tags=["bench"], dry_run=True)
    yield "BatchAddTags", pb.BatchAddTagsRequest(filter=everyone, tags=["bench"], request_id=again)
    yield "BatchAddTags", pb.BatchAddTagsRequest(filter=everyone, tags=["bench"], request_id=again)
    for method, request in (
        ("BatchChangeLifecycleStage", pb.BatchChangeLifecycleStageRequest(stage=churned, reason="bench")),
        ("BatchUpdateCustomers", pb.BatchUpdateCustomersRequest(customer=model.Customer(organization="Bench"))),
        ("BatchDeleteCustomers", pb.BatchDeleteCustomersRequest()),
        ("BatchUndeleteCustomers", pb.BatchUndeleteCustomersRequest(allow_duplicates=True)),
    ):
        request.customer_ids.extend(ids)
        request.request_id = new_id()
        yield method, request


def measured(stub: Any, method: str, request: Any, token: str) -> str:
    """One batch to its end."""
    begun = before = time.perf_counter()
    longest, parts, counts = 0.0, 0, pb.BatchCounts()
    metadata = [("authorization", f"Bearer {token}")]
    for response in getattr(stub, method)(request, metadata=metadata, timeout=LONGEST_S):
        now = time.perf_counter()
        longest, parts, before, counts = max(longest, now - before), parts + 1, now, response.counts
    what = method + (" (dry run)" if request.dry_run else "")
    rate = counts.done / (time.perf_counter() - begun)
    return (
        f"{what:<36} {rate:>8,.0f} a second; {counts.changed:,} changed, {counts.failed:,} failed;"
        f" {parts} parts, the longest {longest * 1000:,.0f} ms"
    )


if __name__ == "__main__":
    main()

"""The figures of one company with very many customers: each call over gRPC by one caller, beside the claim it meets.

`python -m tests.benchmarks --customers ROWS`. The company is filled by COPY with the records and columns that the
service's own code makes (tests/benchmarks/customers_fill.py); calls go through the real service.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import customer_service_pb2_grpc as grpc_pb
from patronage.customers.v1 import listing_pb2, search_pb2
from services.local.postgres import Postgres
from services.local.suite import Suite
from tests.benchmarks.customers_fill import BEGUN, customer_id, fill

COMPANY = "bench"
SEED = 7
TIMES = 60
LIST_TIMES = 30
WITHIN_S = 10


@dataclass(frozen=True)
class Question:
    """A call that is measured: its name, the claim of the older systems in milliseconds, and what it sends."""

    name: str
    claim_ms: int
    method: str
    requests: Sequence[Any]


@dataclass(frozen=True)
class Figure:
    """Milliseconds of a call at the median and the 99th percentile, beside the claim, and how it ended."""

    name: str
    p50_ms: float
    p99_ms: float
    claim_ms: int
    note: str = ""

    def __str__(self) -> str:
        return (
            f"{self.name:<58} p50 {self.p50_ms:8.1f} ms  p99 {self.p99_ms:8.1f} ms  claim {self.claim_ms} {self.note}"
        )


def figures(folder: Path, size: int) -> Iterator[str]:
    """Fills, measures, and yields each figure as soon as it stands."""
    with Suite(folder / "suite", company_id=COMPANY) as suite:
        assert isinstance(suite.postgres, Postgres)
        suite.stop("matching")
        suite.stop("analytics")  # they would follow a million customers meanwhile
        begun = time.perf_counter()
        fill(suite.postgres.admin_url("patronage_customers"), COMPANY, size)
        spent = time.perf_counter() - begun
        yield f"{size:,} customers of one company filled in {spent:.0f} s ({size / spent:,.0f} rows a second)"
        context = suite.context()
        with grpc.insecure_channel(context["customers"]) as channel:
            metadata = (("authorization", f"Bearer {context['token']}"),)
            stub = grpc_pb.CustomerServiceStub(channel)
            for question in questions(size):
                yield str(measured(stub, metadata, question))


def measured(stub: Any, metadata: Any, question: Question) -> Figure:
    """The figure of one question, after two calls that are not counted."""
    call: Callable[..., Any] = getattr(stub, question.method)
    times, note = [], ""
    for place, request in enumerate([*question.requests[:2], *question.requests]):
        begun = time.perf_counter()
        try:
            call(request, metadata=metadata, timeout=WITHIN_S)
        except grpc.RpcError as error:
            note = str(error.code())
        if place >= 2:
            times.append((time.perf_counter() - begun) * 1000)
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return Figure(question.name, round(cuts[49], 1), round(cuts[98], 1), question.claim_ms, note)


def questions(size: int) -> Iterator[Question]:
    """Everything that is measured, of a company of so many customers."""
    dice = random.Random(SEED)
    ids = [customer_id(dice.randrange(size)) for _ in range(TIMES)]
    yield Question("get", 50, "GetCustomer", [pb.GetCustomerRequest(customer_id=one) for one in ids])
    yield from _lists(size)
    yield from _searches()
    yield Question("create", 100, "CreateCustomer", [_creation(dice) for _ in range(TIMES + 2)])
    yield Question("update of a name", 50, "UpdateCustomer", [_update(one, name=f"New {one}") for one in ids])
    yield Question("update of an e-mail", 50, "UpdateCustomer", [_update(one, email=f"n{one}@x.io") for one in ids])
    yield Question("update of a stage", 50, "UpdateCustomer", [_update(one, lifecycle_stage=2) for one in ids])


def _lists(size: int) -> Iterator[Question]:
    end = BEGUN + timedelta(minutes=size)
    for number in listing_pb2.CustomerSort.values()[1:]:
        for descending in (False, True):
            name = listing_pb2.CustomerSort.Name(number).removeprefix("CUSTOMER_SORT_").lower()
            request = listing_pb2.ListCustomersRequest(sort=number, descending=descending)
            yield _list(f"list by {name}{' down' if descending else ''}", request)
    month, long_ago = end - timedelta(days=30), BEGUN - timedelta(days=1)
    alone: dict[str, dict[str, Any]] = {
        "text, the commonest first name": {"text": "james"},
        "text, a rare name": {"text": "zelma"},
        "text, a phone": {"text": "+1829441"},
        "state": {"states": [model.CUSTOMER_STATE_INACTIVE]},
        "stage": {"lifecycle_stages": [4]},
        "stages, three": {"lifecycle_stages": [1, 2, 4]},
        "source": {"sources": [1]},
        "type": {"customer_types": [3]},
        "party type": {"party_types": [2]},
        "has e-mail": {"has_email": True},
        "no phone": {"has_phone": False},
        "no address": {"has_address": False},
        "tag, a fifth": {"tags_any": ["newsletter"]},
        "tag, 1 in 1,000": {"tags_any": ["vip care"]},
        "tag, 1 in 20,000": {"tags_any": ["fair 2025"]},
        "tags, any of three": {"tags_any": ["web", "store", "late payer"]},
        "tags, both of two": {"tags_all": ["newsletter", "loyal"]},
        "created in the last 30 days": {"created_from": month},
        "changed in the last 30 days": {"updated_from": month},
        "interaction since": {"last_interaction_from": end},
        "never an interaction": {"last_interaction_before": long_ago},
        "external system": {"external_system": "shop"},
        "creator": {"created_by": "agent-30"},
    }
    for name, conditions in alone.items():
        yield _list(f"list of: {name}", _filtered(conditions))
    for name, (conditions, sort, descending) in _combinations(end).items():
        yield _list(f"list of: {name}", _filtered(conditions, sort=sort, descending=descending))


def _combinations(end: Any) -> dict[str, tuple[dict[str, Any], int, bool]]:
    """Conditions, sort (1 create, 2 update, 3 name, 5 last interaction, 6 conversations) and whether it goes down."""
    month = end - timedelta(days=30)
    return {
        "lost VIPs, last seen first": ({"lifecycle_stages": [4], "customer_types": [3]}, 5, True),
        "newsletter readers who buy, by name": ({"tags_all": ["newsletter"], "lifecycle_stages": [3]}, 3, False),
        "imported with a phone and no e-mail, newest": (
            {"has_email": False, "has_phone": True, "sources": [3]}, 1, True,
        ),
        "an agent's leads, changed last": ({"created_by": "agent-30", "lifecycle_stages": [2]}, 2, True),
        "loyal or from the web, of this month": ({"tags_any": ["loyal", "web"], "created_from": month}, 1, True),
        "VIPs called Smith": ({"text": "smith", "customer_types": [3]}, 3, False),
        "prospects who talk most": ({"lifecycle_stages": [1]}, 6, True),
        "late payers who are loyal, by name": ({"tags_all": ["late payer", "loyal"]}, 3, False),
        "shop businesses without an address": (
            {"external_system": "shop", "party_types": [2], "has_address": False}, 3, False,
        ),
        "changed VIPs with a phone, who talk most": (
            {"updated_from": month, "customer_types": [3], "has_phone": True}, 6, True,
        ),
    }  # fmt: skip


def _filtered(conditions: dict[str, Any], **order: Any) -> listing_pb2.ListCustomersRequest:
    return listing_pb2.ListCustomersRequest(filter=listing_pb2.CustomerFilter(**conditions), **order)


def _list(name: str, request: listing_pb2.ListCustomersRequest) -> Question:
    return Question(name, 50, "ListCustomers", [request] * LIST_TIMES)


def _searches() -> Iterator[Question]:
    texts = {
        "PREFIX": ("james", "jam", "smith", "zelma pot", "(829) 441"),
        "EXACT": ("james smith", "pauline.potter@company57.com", "829 441 4385", "newsletter"),
        "SUBSTRING": ("james", "ames.wil", "elma", "55501"),
        "FUZZY": ("james", "jmaes smith", "wiliams", "micheal jonson", "zelma poter"),
    }
    for mode, queries in texts.items():
        for query in queries:
            number = search_pb2.SearchMode.Value(f"SEARCH_MODE_{mode}")
            request = search_pb2.SearchCustomersRequest(query=query, mode=number)
            yield Question(f'search {mode}: "{query}"', 30, "SearchCustomers", [request] * LIST_TIMES)


def _creation(dice: random.Random) -> pb.CreateCustomerRequest:
    number = dice.randrange(10**7)
    customer = model.Customer(
        name=f"Bench {number}", email=f"bench-{number}@example.com", phone=f"+1415{number:07d}", tags=["web"]
    )
    return pb.CreateCustomerRequest(customer=customer, on_duplicate=pb.DUPLICATE_ACTION_ALLOW)


def _update(one: str, **changes: Any) -> pb.UpdateCustomerRequest:
    return pb.UpdateCustomerRequest(customer_id=one, customer=model.Customer(**changes))

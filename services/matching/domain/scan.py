"""Scan owns how a search through all customers of a company stands."""

from dataclasses import dataclass
from datetime import datetime

RUNNING = ("PENDING", "RUNNING")
"""The states of a scan that has not ended."""


DUPLICATES, TRAINING = "DUPLICATES", "TRAINING"


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan; counts are as of its last heartbeat."""

    scan_id: str
    state: str
    min_confidence: int
    progress: float
    customers: int
    pairs_compared: int
    groups: int
    grouped_customers: int
    failure: str
    model_version: str
    created_at: datetime
    ended_at: datetime | None
    purpose: str = DUPLICATES


@dataclass(frozen=True, slots=True)
class ScanJob:
    """A scan that a worker has taken: whose it is, what it asks for, and by which name the worker holds it."""

    company_id: str
    scan_id: str
    min_confidence: int
    worker: str
    purpose: str = DUPLICATES
    dry_run: bool = False
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class ScanTotals:
    """What a scan has read, compared and found so far."""

    progress: float = 0.0
    customers: int = 0
    pairs_compared: int = 0
    groups: int = 0
    grouped_customers: int = 0
    model_version: str = ""

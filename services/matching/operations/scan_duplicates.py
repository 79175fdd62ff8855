"""Scan duplicates owns asking for a scan of all customers; a worker runs it beside the calls."""

from services.matching.domain.scan import Scan
from services.matching.engine.options import DEFAULT_THRESHOLD
from services.matching.operations.derive import RULES
from services.matching.store import companies, scans
from services.runtime.database import Transaction
from services.runtime.ids import new_id

DEFAULT_LINK_CONFIDENCE = DEFAULT_THRESHOLD
"""The least confidence of a link where the caller does not say."""


def scan_duplicates(tx: Transaction, min_confidence: int) -> Scan:
    """Return a new scan, or the one of this company that has not ended yet."""
    companies.region_of(tx, RULES)
    return scans.create_or_running(tx, new_id(), min_confidence)

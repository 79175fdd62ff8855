"""Get scan owns how a scan goes."""

from services.matching.domain.failures import scan_not_found
from services.matching.domain.scan import Scan
from services.matching.store import scans
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def get_scan(tx: Transaction, scan_id: str) -> Scan:
    """Return how a scan goes."""
    found = scans.get(tx, scan_id) if is_id(scan_id) else None
    if found is None:
        raise scan_not_found(scan_id)
    return found

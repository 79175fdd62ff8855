"""Cancel scan owns ending a scan before its time."""

from services.matching.domain.failures import ScanEnded
from services.matching.domain.scan import Scan
from services.matching.operations.get_scan import get_scan
from services.matching.store import scans
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def cancel_scan(tx: Transaction, scan_id: str) -> Scan:
    """End a scan; the groups of the one before stay listed. Its worker notices at its next heartbeat."""
    cancelled = scans.cancel(tx, scan_id) if is_id(scan_id) else None
    if cancelled is not None:
        return cancelled
    ended = get_scan(tx, scan_id)
    text = f"The scan has ended: it is {ended.state}. Start another one."
    raise ScanEnded(text, metadata={"scan_id": scan_id, "state": ended.state})

"""Get scan owns how a scan goes."""

from services.matching.domain.failures import scan_not_found
from services.matching.domain.policy import Policy, number_of
from services.matching.domain.scan import Scan
from services.matching.store import policies, scans
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def get_scan(tx: Transaction, scan_id: str) -> Scan:
    """Return how a scan goes."""
    found = scans.get(tx, scan_id) if is_id(scan_id) else None
    if found is None:
        raise scan_not_found(scan_id)
    return found


def learned_by(tx: Transaction, scan: Scan) -> Policy | None:
    """Return what a finished scan learned: the version that it made, or what a dry run would have made."""
    number = number_of(scan.model_version)
    policy = policies.get(tx, number) if number and scan.state == "DONE" else None
    if policy is not None:
        return policy if policy.report is not None else None
    text = scans.learned(tx, scan.scan_id)
    return policies.policy_of(text) if text else None

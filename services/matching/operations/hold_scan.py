"""Hold scan owns how a worker takes a scan, keeps it alive, gives it back, and says that it failed."""

from services.matching.domain.scan import ScanJob, ScanTotals
from services.matching.store import scans
from services.runtime.database import Database, TenantScope

STALE_S = 15.0
"""A worker that was not heard of for so long is gone; heartbeats come once a second."""

MOST_ATTEMPTS = 3


def claim_scan(upkeep: Database, worker: str) -> ScanJob | None:
    """Take the next scan that waits or has lost its worker, of any company."""
    return scans.claim(upkeep, worker, stale_s=STALE_S, most_attempts=MOST_ATTEMPTS)


def keep_scan(database: Database, job: ScanJob, totals: ScanTotals) -> bool:
    """Send a heartbeat; False when the scan was cancelled or is not this worker's any more."""
    with database.transaction(_scope(job)) as tx:
        return scans.heartbeat(tx, job, totals)


def give_back_scan(database: Database, job: ScanJob) -> None:
    """Let another worker have the scan, since this one stops."""
    with database.transaction(_scope(job)) as tx:
        scans.give_back(tx, job)


def fail_scan(database: Database, job: ScanJob, failure: str) -> None:
    """End the scan by an error."""
    with database.transaction(_scope(job)) as tx:
        scans.fail(tx, job, failure)


def _scope(job: ScanJob) -> TenantScope:
    return TenantScope(job.company_id, actor="matching")

"""Scans owns the table of scans: asked for, taken by a worker, kept alive, ended; and which one is listed."""

from services.matching.domain.scan import DUPLICATES, Scan, ScanJob, ScanTotals
from services.runtime.database import Database, Transaction

_COLUMNS = """scan_id::text AS scan_id, state, min_confidence, progress, customers, pairs_compared, groups,
    grouped_customers, failure, model_version, created_at, ended_at, purpose"""
_CREATE = f"""
    INSERT INTO scans (company_id, scan_id, state, min_confidence, purpose, dry_run, asked_by)
    VALUES (app_company(), %s, 'PENDING', %s, %s, %s, %s)
    ON CONFLICT (company_id, purpose) WHERE state IN ('PENDING', 'RUNNING') DO NOTHING RETURNING {_COLUMNS}
"""
_UNENDED = f"""
    SELECT {_COLUMNS} FROM scans
    WHERE company_id = (SELECT app_company()) AND state IN ('PENDING', 'RUNNING') AND purpose = %s
"""
_GET = f"SELECT {_COLUMNS} FROM scans WHERE company_id = (SELECT app_company()) AND scan_id = %s"
_LISTED = f"""
    SELECT {_COLUMNS} FROM scans
    WHERE company_id = (SELECT app_company()) AND scan_id = (
        SELECT c.listed_scan_id FROM companies c WHERE c.company_id = (SELECT app_company()))
"""
_CANCEL = f"""
    UPDATE scans SET state = 'CANCELLED', ended_at = clock_timestamp()
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND state IN ('PENDING', 'RUNNING')
    RETURNING {_COLUMNS}
"""
_HELD = "WHERE company_id = (SELECT app_company()) AND scan_id = %s AND state = 'RUNNING' AND worker = %s"
_HEARTBEAT = f"""
    UPDATE scans SET heartbeat_at = clock_timestamp(), progress = %s, customers = %s, pairs_compared = %s {_HELD}
"""
_FAIL = f"UPDATE scans SET state = 'FAILED', ended_at = clock_timestamp(), failure = %s {_HELD}"
_GIVE_BACK = f"UPDATE scans SET state = 'PENDING', worker = '', attempts = attempts - 1 {_HELD}"
_FINISH = f"""
    UPDATE scans SET state = 'DONE', ended_at = clock_timestamp(), progress = 1, customers = %s, pairs_compared = %s,
        groups = %s, grouped_customers = %s, model_version = %s, learned = %s {_HELD}
"""
_LEARNED = "SELECT learned FROM scans WHERE company_id = (SELECT app_company()) AND scan_id = %s"
_RUNNING = """
    SELECT scan_id::text FROM scans WHERE company_id = (SELECT app_company()) AND state IN ('PENDING', 'RUNNING')
"""
_CLEARED = """
    UPDATE scans SET cleared = true
    WHERE company_id = (SELECT app_company()) AND ended_at IS NOT NULL AND NOT cleared
"""
_LIST_IT = "UPDATE companies SET listed_scan_id = %s WHERE company_id = (SELECT app_company())"

# Takes the oldest scan that waits, or whose worker has not been heard of: such a scan is run again, since it has
# changed nothing that anyone sees. One that has lost its worker too often is given up: it would go on for ever.
_GIVE_UP = """
    UPDATE scans SET state = 'FAILED', ended_at = clock_timestamp(),
        failure = format('The process that ran the scan ended %%s times. Start another scan.', attempts)
    WHERE state = 'RUNNING' AND attempts >= %s AND heartbeat_at < clock_timestamp() - make_interval(secs => %s)
"""
_CLAIM = """
    UPDATE scans s SET state = 'RUNNING', worker = %s, heartbeat_at = clock_timestamp(), attempts = s.attempts + 1,
        progress = 0, customers = 0, pairs_compared = 0
    FROM (
        SELECT w.company_id, w.scan_id FROM scans w
        WHERE w.state IN ('PENDING', 'RUNNING')
          AND (w.state = 'PENDING' OR w.heartbeat_at < clock_timestamp() - make_interval(secs => %s))
        ORDER BY w.created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS next
    WHERE s.company_id = next.company_id AND s.scan_id = next.scan_id
    RETURNING s.company_id, s.scan_id::text, s.min_confidence, s.worker, s.purpose, s.dry_run, s.asked_by
"""


def create_or_running(
    tx: Transaction, scan_id: str, min_confidence: int, purpose: str = DUPLICATES, *, dry_run: bool = False
) -> Scan:
    """Return a new scan that waits for a worker, or the one of its kind that has not ended yet."""
    values = (scan_id, min_confidence, purpose, dry_run, tx.scope.actor)
    while True:
        row = tx.row(_CREATE, values) or tx.row(_UNENDED, (purpose,))
        if row is not None:
            return Scan(**row)


def get(tx: Transaction, scan_id: str) -> Scan | None:
    """Return a scan."""
    row = tx.row(_GET, (scan_id,))
    return Scan(**row) if row else None


def listed(tx: Transaction) -> Scan | None:
    """Return the scan whose groups are listed."""
    row = tx.row(_LISTED)
    return Scan(**row) if row else None


def cancel(tx: Transaction, scan_id: str) -> Scan | None:
    """End a scan that has not ended; None where there is none."""
    row = tx.row(_CANCEL, (scan_id,))
    return Scan(**row) if row else None


def claim(upkeep: Database, worker: str, *, stale_s: float, most_attempts: int) -> ScanJob | None:
    """Take the next scan to run, of any company; asked as the upkeep role."""
    with upkeep.connection() as connection:
        connection.execute(_GIVE_UP, (most_attempts, stale_s))
        row = connection.execute(_CLAIM, (worker, stale_s)).fetchone()
    return ScanJob(*row) if row else None


def heartbeat(tx: Transaction, job: ScanJob, totals: ScanTotals) -> bool:
    """Note that the worker lives and how far it is; False when the scan is not its own any more."""
    values = (totals.progress, totals.customers, totals.pairs_compared)
    return tx.execute(_HEARTBEAT, (*values, job.scan_id, job.worker)).rowcount == 1


def fail(tx: Transaction, job: ScanJob, failure: str) -> None:
    """End the scan by an error, in words."""
    tx.execute(_FAIL, (failure[:2000], job.scan_id, job.worker))


def give_back(tx: Transaction, job: ScanJob) -> None:
    """Let the scan wait for another worker."""
    tx.execute(_GIVE_BACK, (job.scan_id, job.worker))


def finish(tx: Transaction, job: ScanJob, totals: ScanTotals, learned: str = "") -> bool:
    """End the scan well; False when it is not the worker's any more."""
    values = (totals.customers, totals.pairs_compared, totals.groups, totals.grouped_customers, totals.model_version)
    return tx.execute(_FINISH, (*values, learned, job.scan_id, job.worker)).rowcount == 1


def list_it(tx: Transaction, scan_id: str) -> None:
    """List the groups of this scan from now on."""
    tx.execute(_LIST_IT, (scan_id,))


def learned(tx: Transaction, scan_id: str) -> str:
    """Return what a scan learned, as it was written; '' for nothing."""
    return tx.value(_LEARNED, (scan_id,)) or ""


def running(tx: Transaction) -> list[str]:
    """Return the scans of the company that have not ended."""
    return [row[0] for row in tx.execute(_RUNNING).fetchall()]


def note_cleared(tx: Transaction) -> None:
    """Note that what ended scans have left behind is cleared away."""
    tx.execute(_CLEARED)

"""Train policy owns asking for a training: a scan that learns the weights and lists nothing."""

from services.matching.domain.scan import TRAINING, Scan
from services.matching.engine.options import DEFAULT_THRESHOLD
from services.matching.operations.derive import RULES
from services.matching.store import companies, scans
from services.runtime.database import Transaction
from services.runtime.ids import new_id


def train_policy(tx: Transaction, *, dry_run: bool) -> Scan:
    """Return a new training, or the one of this company that has not ended yet."""
    companies.region_of(tx, RULES)
    return scans.create_or_running(tx, new_id(), DEFAULT_THRESHOLD, TRAINING, dry_run=dry_run)

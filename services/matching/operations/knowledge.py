"""Knowledge owns what a company's customers are judged by: its policy, and how common values were at the last scan."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from services.matching.domain.model import Frequencies
from services.matching.domain.policy import Policy
from services.matching.domain.scan import Scan
from services.matching.engine.api import Scorer
from services.matching.engine.frequencies import CompactCounts
from services.matching.store import companies, policies, scans, value_counts
from services.runtime.database import Database, TenantScope, Transaction

_MOST_BYTES = 256 << 20
_COMPANY_BYTES = 1 << 16
"""What a company takes beside its counts: its model, tables and rates."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The policy in use, the listed scan with its counts, and what scores by both; no scan where none has finished."""

    policy: Policy
    scan: Scan | None
    frequencies: Frequencies | None
    scorer: Scorer
    bytes: int = _COMPANY_BYTES

    def scorer_of(self, policy: Policy) -> Scorer:
        """Return what scores by one of the company's policies, which may be an earlier one."""
        return self.scorer if policy.version == self.policy.version else Scorer(policy.model, self.frequencies)


def known(tx: Transaction) -> Knowledge:
    """Return what the company of the transaction is judged by."""
    policy, scan = policies.current(tx), scans.listed(tx)
    if scan is None:
        return Knowledge(policy, None, None, Scorer(policy.model))
    counts = {name: CompactCounts.joined(parts) for name, parts in value_counts.load(tx, scan.scan_id).items()}
    frequencies = Frequencies(scan.customers, counts)
    size = _COMPANY_BYTES + sum(one.size for one in counts.values())
    return Knowledge(policy, scan, frequencies, Scorer(policy.model, frequencies), size)


class KnownCompanies:
    """What is known of the companies asked about last; each call says by which policy and scan it must be."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[tuple[int, str], Knowledge]] = {}

    def of(self, company_id: str, policy_number: int, listed_scan: str) -> Knowledge:
        """Return what the company is judged by, read anew when its policy or its scan is another one than before."""
        return self._of(company_id, (policy_number, listed_scan), lambda: self._read(company_id))

    def seen_by(self, tx: Transaction) -> Knowledge:
        """Return what the company of a transaction is judged by."""
        return self._of(tx.scope.company_id, companies.judged_by(tx), lambda: known(tx))

    def _of(self, company_id: str, asked: tuple[int, str], read: Callable[[], Knowledge]) -> Knowledge:
        found = self._kept.get(company_id)
        if found is not None and found[0] == asked:
            return found[1]
        with self._lock:
            found = self._kept.get(company_id)
            if found is None or found[0] != asked:
                found = self._kept[company_id] = asked, read()
                self._make_room(company_id)
            return found[1]

    def _read(self, company_id: str) -> Knowledge:
        with self._database.transaction(TenantScope(company_id), read_only=True) as tx:
            return known(tx)

    def _make_room(self, company_id: str) -> None:
        """Forget those that were read longest ago."""
        self._kept[company_id] = self._kept.pop(company_id)
        while len(self._kept) > 1 and sum(one.bytes for _, one in self._kept.values()) > _MOST_BYTES:
            del self._kept[next(iter(self._kept))]

"""Run scan owns the search itself: read all customers, let the engine group them, store and list the groups."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.matching.domain.duplicate_group import FoundGroup, Member
from services.matching.domain.identity_record import Identity
from services.matching.domain.scan import ScanJob, ScanTotals
from services.matching.engine.api import Options, Result, dedupe, records_from_identities
from services.matching.store import groups, scans
from services.matching.store import identities as identities_store
from services.runtime.database import Database, TenantScope

READ_AT_ONCE = 5_000
GROUPS_AT_ONCE = 500
DROPPED_AT_ONCE = 5_000
_READ, _COMPARED = 0.25, 0.85
_STAGES = ("count", "block", "learn", "score", "cluster", "finish")

Report = Callable[[ScanTotals], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scan may use."""

    memory: int = 2 << 30
    threads: int = 0


class ScanLost(Exception):  # noqa: N818 - a name of what is true
    """The scan was cancelled, or another worker has it."""


def run_scan(database: Database, job: ScanJob, limits: Limits, report: Report) -> ScanTotals:
    """Find and list the duplicate groups of a company; no transaction is longer than one batch."""
    scope = TenantScope(job.company_id, actor="matching")
    ids, identities = _read(database, scope, report)
    result = _compare(job, ids, identities, limits, report)
    found = found_groups(result)
    totals = ScanTotals(
        progress=_COMPARED,
        customers=len(ids),
        pairs_compared=int(result.report["compared_pairs"]),
        groups=len(found),
        grouped_customers=sum(len(group.members) for group in found),
        model_version=result.model.version,
    )
    report(totals)
    _drop_unlisted(database, scope)
    _store(database, scope, job, found)
    with database.transaction(scope) as tx:
        if not scans.finish(tx, job, totals):
            raise ScanLost(job.scan_id)
    _drop_unlisted(database, scope)
    return replace(totals, progress=1.0)


def found_groups(result: Result) -> list[FoundGroup]:
    """Return the engine's groups, each member with its strongest link inside the group."""
    group_of = {member: number for number, group in enumerate(result.groups) for member in group.members}
    strongest: dict[str, Member] = {}
    for pair in result.pairs():
        if group_of.get(pair.id_a, -1) == group_of.get(pair.id_b, -2):
            for one in (pair.id_a, pair.id_b):
                if one not in strongest or pair.weight > strongest[one].match_weight:
                    strongest[one] = Member(one, pair.weight, pair.probability, pair.confidence)
    return [
        FoundGroup(group.confidence, tuple(_members(group.members, group.confidence, strongest)))
        for group in result.groups
    ]


def _members(ids: Sequence[str], confidence: int, strongest: dict[str, Member]) -> Iterator[Member]:
    """Yield the members; one that equals another record to the letter was compared through it."""
    best = max((strongest[one] for one in ids if one in strongest), key=lambda m: m.match_weight, default=None)
    for one in ids:
        if one in strongest:
            yield strongest[one]
        elif best is not None:
            yield replace(best, customer_id=one)
        else:
            yield Member(one, 0.0, confidence / 100, confidence)


def _read(database: Database, scope: TenantScope, report: Report) -> tuple[list[str], list[Identity]]:
    with database.transaction(scope, read_only=True) as tx:
        expected = max(identities_store.count_live(tx), 1)
    ids: list[str] = []
    identities: list[Identity] = []
    batch: list[tuple[str, Identity]] = [("", Identity())] * READ_AT_ONCE
    while len(batch) == READ_AT_ONCE:
        with database.transaction(scope, read_only=True) as tx:
            batch = identities_store.identities_after(tx, ids[-1] if ids else None, READ_AT_ONCE)
        ids.extend(customer_id for customer_id, _ in batch)
        identities.extend(identity for _, identity in batch)
        report(ScanTotals(progress=min(_READ, _READ * len(ids) / expected), customers=len(ids)))
    return ids, identities


def _compare(
    job: ScanJob, ids: Sequence[str], identities: Sequence[Identity], limits: Limits, report: Report
) -> Result:
    def progress(stage: str, done: float) -> None:
        part = (_STAGES.index(stage) + done) / len(_STAGES) if stage in _STAGES else 0.0
        report(ScanTotals(progress=_READ + (_COMPARED - _READ) * part, customers=len(ids)))

    options = Options(threshold=job.min_confidence, memory=limits.memory, threads=limits.threads)
    return dedupe(records_from_identities(ids, identities), options, progress)


def _store(database: Database, scope: TenantScope, job: ScanJob, found: Sequence[FoundGroup]) -> None:
    for batch in _batches(found, GROUPS_AT_ONCE):
        with database.transaction(scope) as tx:
            groups.add(tx, job.scan_id, batch)


def _drop_unlisted(database: Database, scope: TenantScope) -> None:
    """Delete the groups of scans that were cancelled or lost, and those of the scan listed before."""
    more = True
    while more:
        with database.transaction(scope) as tx:
            listed = scans.listed(tx)
            more = groups.drop_unlisted(tx, listed.scan_id if listed else None, DROPPED_AT_ONCE)


def _batches(found: Sequence[FoundGroup], size: int) -> Iterable[Sequence[FoundGroup]]:
    return (found[start : start + size] for start in range(0, len(found), size))

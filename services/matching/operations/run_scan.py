"""Run scan owns the search itself: read all customers, let the engine group them, store and list what it found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.matching.domain.duplicate_group import FoundGroup, Member
from services.matching.domain.identity_record import Identity
from services.matching.domain.judgement import DIFFERENT, SAME
from services.matching.domain.policy import Policy
from services.matching.domain.scan import TRAINING, ScanJob, ScanTotals
from services.matching.engine.api import Group, Options, Result, dedupe, records_from_identities, score_candidates
from services.matching.engine.frequencies import CompactCounts
from services.matching.operations import learn_policy
from services.matching.operations.review_scan import review_scan
from services.matching.store import groups, judgements, policies, regrouping, scans, value_counts
from services.matching.store import identities as identities_store
from services.runtime.database import Database, TenantScope, Transaction

READ_AT_ONCE = 5_000
GROUPS_AT_ONCE = 500
DROPPED_AT_ONCE = 5_000
CERTAIN = 100
FEW = 5_000
"""Customers up to which a scan works in one thread: handing over to others takes longer than the work."""

_READ, _COMPARED = 0.25, 0.85
_STAGES = ("count", "block", "learn", "score", "cluster", "finish")

Report = Callable[[ScanTotals], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scan may use."""

    memory: int = 2 << 30
    threads: int = 0


@dataclass(slots=True)
class Customers:
    """All customers in use at one moment, and the oldest transaction that was open then."""

    ids: list[str]
    identities: list[Identity]
    snapshot: str = ""


class ScanLost(Exception):  # noqa: N818 - a name of what is true
    """The scan was cancelled, or another worker has it."""


def run_scan(database: Database, job: ScanJob, limits: Limits, report: Report) -> ScanTotals:
    """Find and list the duplicate groups of a company, or learn from its customers."""
    scope = TenantScope(job.company_id, actor="matching")
    with database.transaction(scope, read_only=True) as tx:
        begun_by = policies.current(tx)
    customers = _read(database, scope, report)
    with database.transaction(scope, read_only=True) as tx:
        judged = judgements.root_pairs(tx)  # after the snapshot: what is judged before it is not looked at again
    result = _compare(job, begun_by, customers, judged, limits, report)
    found = found_groups(result, customers, judged[SAME])
    totals = ScanTotals(
        progress=_COMPARED,
        customers=len(customers.ids),
        pairs_compared=int(result.report["compared_pairs"]),
        groups=len(found),
        grouped_customers=sum(len(group.members) for group in found),
    )
    report(totals)
    policy = learn_policy.learned(job, begun_by, result.model, result.report, len(customers.ids))
    if job.purpose == TRAINING:
        return _finish_training(database, scope, job, policy, totals)
    drop_unlisted(database, scope)
    _store(database, scope, job, found, result)
    review_scan(database, scope, job.scan_id, result, found)
    totals = _finish_scan(database, scope, job, (begun_by, policy), totals, customers.snapshot)
    drop_unlisted(database, scope)
    return totals


def found_groups(result: Result, customers: Customers, same: Iterable[tuple[str, str]] = ()) -> list[FoundGroup]:
    """Return the engine's groups, each member with its strongest link inside the group; judged links are certain."""
    group_of = {member: number for number, group in enumerate(result.groups) for member in group.members}
    strongest: dict[str, Member] = {}
    weights: dict[tuple[str, str], float] = {}
    for pair in result.pairs():
        if group_of.get(pair.id_a, -1) == group_of.get(pair.id_b, -2):
            weights[pair.id_a, pair.id_b] = pair.weight
            for one in (pair.id_a, pair.id_b):
                if one not in strongest or pair.weight > strongest[one].match_weight:
                    strongest[one] = Member(one, pair.weight, pair.probability, pair.confidence)
    for one in (one for pair in same if len({group_of.get(one) for one in pair}) == 1 for one in pair):
        strongest[one] = replace(strongest.get(one, Member(one, 0.0, 1.0, CERTAIN)), confidence=CERTAIN)
    weigh = _Weigher(result, customers, weights)
    return [
        FoundGroup(
            group.confidence,
            tuple(_members(group.members, group.confidence, strongest)),
            weigh.weakest(group),
            group.weakest,
        )
        for group in result.groups
    ]


class _Weigher:
    """Knows the weight of each group's weakest link, also of one that no key brought together."""

    def __init__(self, result: Result, customers: Customers, weights: dict[tuple[str, str], float]) -> None:
        self._result = result
        self._customers = customers
        self._weights = weights
        self._rows: dict[str, int] = {}

    def weakest(self, group: Group) -> float:
        one, other = group.weakest
        found = self._weights.get((one, other), self._weights.get((other, one)))
        return self._scored(one, other) if found is None else found

    def _scored(self, one: str, other: str) -> float:
        self._rows = self._rows or {customer_id: row for row, customer_id in enumerate(self._customers.ids)}
        left, right = (self._customers.identities[self._rows[customer_id]] for customer_id in (one, other))
        return score_candidates(left, [right], self._result.model, self._result.frequencies)[0].match_weight


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


def _read(database: Database, scope: TenantScope, report: Report) -> Customers:
    """Read everyone as of one moment; who changes later waits to be judged anew after the scan."""
    customers = Customers([], [])
    with identities_store.snapshot(database, scope.company_id) as snapshot:
        customers.snapshot, expected = snapshot.oldest, max(snapshot.count_live(), 1)
        while batch := snapshot.identities_after(customers.ids[-1] if customers.ids else None, READ_AT_ONCE):
            customers.ids.extend(customer_id for customer_id, _ in batch)
            customers.identities.extend(identity for _, identity in batch)
            done = len(customers.ids)
            report(ScanTotals(progress=min(_READ, _READ * done / expected), customers=done))
    return customers


def _compare(
    job: ScanJob, policy: Policy, customers: Customers, judged: judgements.RootPairs, limits: Limits, report: Report
) -> Result:
    def progress(stage: str, done: float) -> None:
        part = (_STAGES.index(stage) + done) / len(_STAGES) if stage in _STAGES else 0.0
        report(ScanTotals(progress=_READ + (_COMPARED - _READ) * part, customers=len(customers.ids)))

    learns = learn_policy.learns(job, policy)
    options = Options(
        threshold=job.min_confidence,
        memory=limits.memory,
        threads=limits.threads if len(customers.ids) > FEW else 1,
        learn=learns,
        model=learn_policy.start(job, policy),
        different=judged[DIFFERENT],
        same=judged[SAME],
    )
    return dedupe(records_from_identities(customers.ids, customers.identities), options, progress)


def _store(database: Database, scope: TenantScope, job: ScanJob, found: Sequence[FoundGroup], result: Result) -> None:
    for batch in _batches(found, GROUPS_AT_ONCE):
        with database.transaction(scope) as tx:
            groups.add(tx, job.scan_id, batch)
    for attribute, counts in result.frequencies.counts.items():
        assert isinstance(counts, dict)
        for number, part in enumerate(CompactCounts.of(counts).parts()):
            with database.transaction(scope) as tx:
                value_counts.add(tx, job.scan_id, attribute, number, part)


def _finish_scan(
    database: Database,
    scope: TenantScope,
    job: ScanJob,
    policies_of: tuple[Policy, Policy],
    totals: ScanTotals,
    snapshot: str,
) -> ScanTotals:
    """List the groups; what was learned is used from now on, unless the company has set another policy meanwhile."""
    with database.transaction(scope) as tx:
        done = replace(totals, progress=1.0, model_version=learn_policy.keep(tx, *policies_of).version)
        _finish(tx, job, done)
        scans.list_it(tx, job.scan_id)
        regrouping.forget_seen(tx, snapshot)
    return done


def _finish_training(
    database: Database, scope: TenantScope, job: ScanJob, policy: Policy, totals: ScanTotals
) -> ScanTotals:
    with database.transaction(scope) as tx:
        kept = learn_policy.keep_training(tx, job, policy)
        done = replace(totals, progress=1.0, model_version=kept.version)
        _finish(tx, job, done, policies.policy_text(kept))
    return done


def _finish(tx: Transaction, job: ScanJob, totals: ScanTotals, learned: str = "") -> None:
    if not scans.finish(tx, job, totals, learned):
        raise ScanLost(job.scan_id)


def drop_unlisted(database: Database, scope: TenantScope, keep_running: bool = False) -> None:
    """Delete what scans have left that were cancelled or lost, or listed before; `keep_running` spares one at work."""
    more = True
    while more:
        with database.transaction(scope) as tx:
            listed = scans.listed(tx)
            kept = [*([listed.scan_id] if listed else []), *(scans.running(tx) if keep_running else [])]
            more = groups.drop_all_but(tx, kept, DROPPED_AT_ONCE)
            value_counts.drop_all_but(tx, kept)


def _batches(found: Sequence[FoundGroup], size: int) -> Iterable[Sequence[FoundGroup]]:
    return (found[start : start + size] for start in range(0, len(found), size))

"""Tend company owns what is done beside the feed: records derived anew, and those that the feed lost sight of swept."""

from collections.abc import Callable

from services.matching.operations.derive import RULES, derivation, derive
from services.matching.operations.knowledge import KnownCompanies
from services.matching.operations.regroup import regroup_some
from services.matching.operations.run_scan import drop_unlisted
from services.matching.store import companies, derivations, groups, match_keys, regrouping, scans
from services.matching.store.companies import Upkeep
from services.runtime.database import Database, TenantScope, Transaction

DERIVED_AT_ONCE = 500
SWEPT_AT_ONCE = 2_000
KEY_CAP = 100


def companies_to_tend(upkeep: Database) -> list[str]:
    """Return the companies with something to do."""
    return companies.companies_to_tend(upkeep, RULES)


def tend_company(
    database: Database,
    known: KnownCompanies,
    company_id: str,
    stopping: Callable[[], bool] = lambda: False,
    *,
    cap: int = KEY_CAP,
    follower: str = "",
) -> None:
    """Do all that is to be done for one company, in transactions that are short."""
    _derive_and_sweep(database, company_id, stopping)
    _clear(database, company_id)
    more = True
    while more and not stopping():
        with database.transaction(TenantScope(company_id, actor="matching")) as tx:
            more = regroup_some(tx, known, cap, follower)


def _clear(database: Database, company_id: str) -> None:
    """Clear away what scans have left behind that were cancelled or have failed."""
    scope = TenantScope(company_id, actor="matching")
    drop_unlisted(database, scope, keep_running=True)
    with database.transaction(scope) as tx:
        scans.note_cleared(tx)


def _derive_and_sweep(database: Database, company_id: str, stopping: Callable[[], bool]) -> None:
    scope = TenantScope(company_id, actor="matching")
    sweep_from: str | None = None
    more = True
    while more and not stopping():
        with database.transaction(scope) as tx:
            upkeep = companies.upkeep_of(tx)
            if upkeep is None:
                return
            if upkeep.derivation != derivation(upkeep.region):
                _derive_some(tx, upkeep)
            elif upkeep.swept_generation < upkeep.done_generation:
                sweep_from = _sweep_some(tx, upkeep, sweep_from)
            else:
                more = False


def _derive_some(tx: Transaction, upkeep: Upkeep) -> None:
    wanted = derivation(upkeep.region)
    start = upkeep.derived_to if upkeep.derivation_wanted == wanted else None
    batch = derivations.raw_after(tx, start, DERIVED_AT_ONCE)
    derived = [(customer_id, *derive(raw, upkeep.region)) for customer_id, raw, _ in batch]
    derivations.rederive(tx, derived)
    before = {customer_id: keys for customer_id, _, keys in batch}
    match_keys.drop_keys(tx, [(customer_id, before[customer_id].difference(keys)) for customer_id, _, keys in derived])
    match_keys.add_keys(tx, [(customer_id, set(keys) - before[customer_id]) for customer_id, _, keys in derived])
    if len(batch) < DERIVED_AT_ONCE:
        companies.note_derived(tx, wanted)
    else:
        companies.note_derived_to(tx, wanted, batch[-1][0])


def _sweep_some(tx: Transaction, upkeep: Upkeep, after: str | None) -> str | None:
    old, going_on = derivations.not_seen_since(tx, upkeep.done_generation, after, SWEPT_AT_ONCE)
    gone = derivations.delete_older(tx, old, upkeep.done_generation)
    groups.set_live(tx, gone, live=False)
    regrouping.put(tx, gone)
    if going_on is None:
        companies.note_swept(tx, upkeep.done_generation)
    return going_on

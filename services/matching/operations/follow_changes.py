"""Follow changes owns how the mirror takes over what the change feed shows, whatever the order it comes in."""

from collections.abc import Sequence

from services.matching.domain.customer_seen import LIVE, CompanySeen, CustomerSeen
from services.matching.operations.derive import RULES, derive
from services.matching.operations.review_followed import review_followed
from services.matching.store import companies, groups, match_keys, records, regrouping
from services.matching.store.records import Known, MirrorRow
from services.runtime.database import Transaction

Seen = CustomerSeen | CompanySeen
_NO_KEYS: frozenset[int] = frozenset()


def follow_changes(tx: Transaction, follower: str, changes: Sequence[Seen]) -> None:
    """Apply one company's part of a batch: settings first, then each customer's newest state."""
    region = companies.region_of(tx, RULES)
    for change in changes:
        if isinstance(change, CompanySeen):
            companies.follow_settings(tx, change.region, change.epoch, change.revision)
            region = companies.region_of(tx, RULES)
    customers = _newest([change for change in changes if isinstance(change, CustomerSeen)])
    if customers:
        _follow_customers(tx, customers, region, companies.generation_of(tx, follower))


def _follow_customers(tx: Transaction, customers: dict[str, CustomerSeen], region: str, generation: int) -> None:
    known = records.lock(tx, list(customers))
    newer = [seen for seen in customers.values() if _is_newer(seen, known.get(seen.customer_id))]
    stale = customers.keys() - {seen.customer_id for seen in newer}
    if unseen := [customer_id for customer_id in stale if known[customer_id].generation != generation]:
        records.touch(tx, unseen, generation)
    if newer:
        _write(tx, newer, known, region, generation)


def _write(
    tx: Transaction, newer: Sequence[CustomerSeen], known: dict[str, Known], region: str, generation: int
) -> None:
    rows = [_row(seen, region) for seen in newer]
    old = {row.customer_id: known[row.customer_id].keys if row.customer_id in known else _NO_KEYS for row in rows}
    records.upsert(tx, rows, epoch=newer[0].epoch, generation=generation)
    match_keys.drop_keys(tx, [(row.customer_id, old[row.customer_id].difference(row.keys)) for row in rows])
    match_keys.add_keys(tx, [(row.customer_id, set(row.keys) - old[row.customer_id]) for row in rows])
    if roots := [(member, seen.customer_id) for seen in newer if seen.state != "MERGED" for member in seen.members]:
        records.reroot(tx, roots)
    _correct_groups(tx, rows, known)
    review_followed(tx, rows, known)


def _correct_groups(tx: Transaction, rows: Sequence[MirrorRow], known: dict[str, Known]) -> None:
    """Take those who left out of their groups, and put those who came back in again."""
    before = {customer_id for customer_id, was in known.items() if was.live}
    after = {row.customer_id for row in rows if row.state in LIVE}
    groups.set_live(tx, sorted({row.customer_id for row in rows} & before - after), live=False)
    groups.set_live(tx, sorted(after & known.keys() - before), live=True)
    regrouping.put(tx, sorted(row.customer_id for row in rows if _says_something_new(row, known.get(row.customer_id))))


def _says_something_new(row: MirrorRow, known: Known | None) -> bool:
    """Return whether who may be the same can have changed: someone new, someone gone, other values."""
    return (known.live if known else False) != (row.state in LIVE) or (
        known is not None and known.identity != row.identity_text
    )


def _newest(customers: Sequence[CustomerSeen]) -> dict[str, CustomerSeen]:
    """Keep each customer's newest state; within a batch all are of one epoch."""
    newest: dict[str, CustomerSeen] = {}
    for seen in customers:
        held = newest.get(seen.customer_id)
        if held is None or seen.revision > held.revision:
            newest[seen.customer_id] = seen
    return newest


def _is_newer(seen: CustomerSeen, known: Known | None) -> bool:
    return known is None or known.epoch != seen.epoch or seen.revision > known.revision


def _row(seen: CustomerSeen, region: str) -> MirrorRow:
    shown = seen if seen.state in LIVE else seen.without_content()
    identity, keys = derive(shown.raw, region)
    return MirrorRow(
        customer_id=shown.customer_id,
        root_id=shown.root_id or shown.customer_id,
        state=shown.state,
        revision=shown.revision,
        name=shown.display_name,
        email=shown.email,
        phone=shown.phone,
        created_at=shown.created_at,
        raw=shown.raw,
        identity=identity,
        keys=keys,
    )

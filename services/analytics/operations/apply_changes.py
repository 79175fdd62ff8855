"""Applies what the feed tells of one company: its settings, its customers and the business done with them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.analytics.domain.forest import resolved_roots
from services.analytics.domain.mirror import CompanyChange, CustomerChange, EngagementChange, Told
from services.analytics.operations.follow_stages import follow_stages
from services.analytics.operations.parked_sales import release_parked_sales
from services.analytics.store import (
    companies,
    engagements,
    external_ids,
    figures,
    mirror,
    months,
    parked_sales,
    stays,
    tags,
)
from services.analytics.store.mirror import Mirrored
from services.runtime.database import Transaction


def apply_changes(tx: Transaction, epoch: str, generation: int, told: Sequence[Told]) -> None:
    """Applies what is told of the transaction's company in one epoch, during one pass over everything.

    Locks are taken in the order in which sales take them: parking, the settings, the customers.
    """
    customers = [one for one in told if isinstance(one, CustomerChange)]
    if customers:
        parked_sales.hold_off_parking(tx)
    companies.begin(tx)
    for company in (one for one in told if isinstance(one, CompanyChange)):
        if before := companies.write_if_newer(tx, epoch, company):
            months.begin_in_another_zone(tx, before)
    if customers:
        _apply_customers(tx, epoch, generation, customers)
    business = {one.engagement_id: one for one in sorted(_engagements(told), key=lambda one: one.revision)}
    engagements.write_if_newer(tx, epoch, generation, list(business.values()))


def _engagements(told: Iterable[Told]) -> Iterator[EngagementChange]:
    return (one for one in told if isinstance(one, EngagementChange))


def _apply_customers(tx: Transaction, epoch: str, generation: int, changes: Sequence[CustomerChange]) -> None:
    """Applies those that are newer than what is known; the others were seen in this pass all the same."""
    latest = _latest(changes)
    known = mirror.lock_trees(tx, latest)
    newer = [change for change in latest.values() if _is_newer(change, epoch, known)]
    stale = latest.keys() - {change.customer_id for change in newer}
    mirror.mark_seen(tx, generation, sorted(stale))
    store_customers(tx, epoch, generation, newer, known)
    follow_stages(tx, [change for change in changes if _is_newer(change, epoch, known)], known)
    release_parked_sales(tx, [change.customer_id for change in newer])


def store_customers(
    tx: Transaction,
    epoch: str,
    generation: int,
    changes: Sequence[CustomerChange],
    known: Mapping[str, Mirrored],
) -> None:
    """Writes the customers, puts the members of their trees under the right roots, and mends the figures."""
    roots = _roots(tx, changes, known)
    changed = {change.customer_id for change in changes}
    moved = {i: roots[i] for i, was in known.items() if was.root_id != roots[i]}
    mirror.write(tx, epoch, generation, changes, roots)
    external_ids.write(tx, changes)
    tags.write(tx, changes)
    mirror.move(tx, {i: root for i, root in moved.items() if i not in changed})
    recounted = {*moved.values(), *(known[i].root_id for i in moved)}
    looks_new = {change.customer_id for change in changes if _looks_new(change, known)}
    figures.show_roots(tx, sorted(recounted | looks_new | moved.keys()))
    figures.recount_roots(tx, sorted(recounted))
    stays.show(tx, sorted(looks_new | moved.keys()))


def _roots(tx: Transaction, changes: Sequence[CustomerChange], known: Mapping[str, Mirrored]) -> dict[str, str]:
    merged_into = {i: was.merged_into for i, was in known.items()}
    merged_into |= {change.customer_id: change.merged_into for change in changes}
    outside = {target for target in merged_into.values() if target and target not in merged_into}
    return resolved_roots(merged_into, mirror.roots_of(tx, sorted(outside)))


def _latest(changes: Iterable[CustomerChange]) -> dict[str, CustomerChange]:
    latest: dict[str, CustomerChange] = {}
    for change in changes:
        before = latest.get(change.customer_id)
        if before is None or before.revision < change.revision:
            latest[change.customer_id] = change
    return latest


def _is_newer(change: CustomerChange, epoch: str, known: Mapping[str, Mirrored]) -> bool:
    was = known.get(change.customer_id)
    return was is None or was.epoch != epoch or was.revision < change.revision


def _looks_new(change: CustomerChange, known: Mapping[str, Mirrored]) -> bool:
    was = known.get(change.customer_id)
    return was is None or (was.state, was.party_type, was.source) != (change.state, change.party_type, change.source)

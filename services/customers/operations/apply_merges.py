"""Applies many merges a part at a time: each wholly or not at all, and one that is refused keeps no other one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.customers.domain.failures import CustomerNotFound, PreviewStale
from services.customers.domain.fields import Json
from services.customers.domain.merge import Merge
from services.customers.domain.moves import Counts
from services.customers.operations.apply_merge import (
    Join,
    against,
    check_mergeable,
    counts_of,
    joining,
    tallies_of,
)
from services.customers.operations.writing import Writes, actor_of
from services.customers.store import bulk, merges, trees
from services.customers.store.bulk import Sized
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import ConflictRetry, Failure, RequestIdReused
from services.runtime.freshness import ChangeToken

MOST_A_PART = 100
MOST_MEMBERS = 500
"""Of all trees of a part: each member is read, folded and written."""

MOST_BYTES = 8 << 20
"""Of all that a part shows: the feed tells it as one message, however many merges it is of."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One merge of many: what each customer must be to be merged, or what is wrong with the request for it."""

    merge: Merge
    expected_etags: Mapping[str, str] = field(default_factory=dict)
    expected_digest: str = ""
    expected_revisions: Mapping[str, int] = field(default_factory=dict)
    only_if_applied: bool = False
    wrong: Failure | None = None

    @property
    def customer_ids(self) -> list[str]:
        """Target and sources."""
        return [self.merge.target_id, *self.merge.source_ids]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a merge: MERGED, ALREADY, WOULD_MERGE, or BLOCKED with all that forbids it."""

    merge_id: str
    result: str
    failures: Sequence[Failure] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """The first merges of some, whose trees are together small enough, no tree in two of them."""

    wanted: Sequence[Wanted]
    roots: frozenset[str]
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Children:
    """What is known of the children of all members, and how many those of the sources have; a dry run needs neither."""

    tallies: Mapping[str, list[Json]] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)


def apply_part(tx: Transaction, wanted: Sequence[Wanted], at_most: int) -> tuple[list[Outcome], ChangeToken]:
    """Applies the first ones of some merges, one at least; the outcomes say how many that were.

    What forbids a merge is its outcome; it is known before anything is written.
    """
    part = _part(tx, wanted[:at_most])
    merges.lock(tx, [one.merge.merge_id for one in part.wanted])
    stored = trees.lock_trees(tx, part.known)
    if part.roots != set(stored):
        raise ConflictRetry("The customers were merged or unmerged meanwhile. Repeat the call.")
    children = _Children(tallies_of(tx, stored.values()), counts_of(tx, [one.merge for one in part.wanted], stored))
    joins, outcomes = _judged(tx, part, stored, children, "MERGED")
    if not joins:
        return outcomes, tx.change_token()
    merges.insert(tx, [(merge, join.logged, join.edges) for merge, join in joins])
    return outcomes, _all(joins).store(tx)


def try_part(tx: Transaction, wanted: Sequence[Wanted], at_most: int) -> tuple[list[Outcome], ChangeToken]:
    """What `apply_part` would do, as of now; nothing is locked or written."""
    part = _part(tx, wanted[:at_most])
    _, outcomes = _judged(tx, part, trees.read_trees(tx, part.known), _Children(), "WOULD_MERGE")
    return outcomes, tx.change_token()


def _part(tx: Transaction, wanted: Sequence[Wanted]) -> _Part:
    sized = bulk.sizes(tx, [customer_id for one in wanted for customer_id in one.customer_ids])
    roots: set[str] = set()
    ids: set[str] = set()
    room, taken = MOST_MEMBERS, 0
    for one in wanted:
        found = {
            sized[customer_id].root_id: sized[customer_id] for customer_id in one.customer_ids if customer_id in sized
        }
        room -= sum(tree.members for tree in found.values())
        if taken and (room < 0 or roots & found.keys() or one.merge.merge_id in ids):
            break
        roots |= found.keys()
        ids.add(one.merge.merge_id)
        taken += 1
    return _Part(wanted[:taken], frozenset(roots), _known(wanted[:taken], sized))


def _known(wanted: Sequence[Wanted], sized: Mapping[str, Sized]) -> frozenset[str]:
    return frozenset(customer_id for one in wanted for customer_id in one.customer_ids if customer_id in sized)


def _judged(
    tx: Transaction, part: _Part, stored: Mapping[str, StoredTree], children: _Children, done: str
) -> tuple[list[tuple[Merge, Join]], list[Outcome]]:
    """The merges that nothing forbids, and the outcome of each, as far as they are together small enough."""
    applied = merges.fingerprints(tx, [one.merge.merge_id for one in part.wanted if one.wrong is None])
    tree_of = {member: tree for tree in stored.values() for member in tree.rows}
    joins: list[tuple[Merge, Join]] = []
    outcomes: list[Outcome] = []
    room = MOST_BYTES
    for one in part.wanted:
        before = applied.get(one.merge.merge_id)
        failures = _forbidding(one, before, tree_of)
        if before is None and not failures:
            try:
                join = _join(tx, one, tree_of, children)
            except Failure as failure:
                failures = [failure]
            else:
                room -= sum(len(row.view.text) for row in join.writes.rows)
                if room < 0 and outcomes:
                    break
                joins.append((one.merge, join))
        result = "BLOCKED" if failures else "ALREADY" if before is not None else done
        outcomes.append(Outcome(one.merge.merge_id, result, failures))
    return joins, outcomes


def _forbidding(wanted: Wanted, applied: str | None, tree_of: Mapping[str, StoredTree]) -> list[Failure]:
    """All that forbids a merge before its trees are folded."""
    if wanted.wrong is not None:
        return [wanted.wrong]
    if applied is not None:
        text = "The request id was used for another merge. Send this one with a new request id."
        return [] if applied == wanted.merge.fingerprint else [RequestIdReused(text)]
    if wanted.only_if_applied:
        return [PreviewStale(wanted.merge.target_id)]
    if unknown := [CustomerNotFound(one) for one in wanted.customer_ids if one not in tree_of]:
        return list(unknown)
    return [*against(wanted.merge, tree_of), *_stale(wanted, tree_of)]


def _stale(wanted: Wanted, tree_of: Mapping[str, StoredTree]) -> list[Failure]:
    return [
        PreviewStale(customer_id)
        for customer_id, revision in wanted.expected_revisions.items()
        if customer_id in tree_of and tree_of[customer_id].rows[customer_id].revision != revision
    ]


def _join(tx: Transaction, wanted: Wanted, tree_of: Mapping[str, StoredTree], children: _Children) -> Join:
    mine = {tree_of[one].tree.root_id: tree_of[one] for one in wanted.customer_ids}
    check_mergeable(wanted.merge, mine, wanted.expected_etags, wanted.expected_digest)
    by = actor_of(tx.scope, wanted.merge.on_behalf_of)
    return joining(wanted.merge, mine, children.tallies, by, children.counts)


def _all(joins: Sequence[tuple[Merge, Join]]) -> Writes:
    """The writes of all merges as one: their trees are different ones."""
    writes = Writes()
    for _, join in joins:
        writes.rows += join.writes.rows
        writes.events += join.writes.events
        writes.feed += join.writes.feed
    return writes

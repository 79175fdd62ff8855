"""Applies many merges a part at a time: each wholly or not at all, and one that is refused keeps no other one back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from services.customers.domain.failures import CustomerNotFound, PreviewStale
from services.customers.domain.fields import Json
from services.customers.domain.merge import Merge
from services.customers.operations.apply_merge import (
    Join,
    Worked,
    against,
    check_mergeable,
    children_of,
    joining,
)
from services.customers.operations.writing import Writes, actor_of
from services.customers.store import bulk, merges, trees
from services.customers.store.bulk import Sized
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import ConflictRetry, Failure, RequestIdReused
from services.runtime.freshness import ChangeToken

MOST_A_PART = 100
MOST_MEMBERS = 1_000
"""Of all trees of a part, each of which is read and locked: a tree of the largest size, and as many customers again."""

MOST_JOINED = 4_000
"""Of the trees that the merges of a part leave, one after the other: each is a piece of work while rows are locked."""

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
    """The first merges of some, whose trees are together small enough; those of one tree build on each other."""

    wanted: Sequence[Wanted]
    roots: frozenset[str]
    known: frozenset[str]


@dataclass(slots=True)
class Trees:
    """Trees as some merges have left them so far, by member; written or, of a dry run, only thought."""

    of: dict[str, StoredTree] = field(default_factory=dict)
    worked: Worked = field(default_factory=Worked)

    def add(self, found: Iterable[StoredTree]) -> None:
        """Go on with these trees too."""
        self.of.update({member: tree for tree in found for member in tree.rows})

    def join(self, join: Join) -> None:
        """Go on with what a merge leaves."""
        named = [join.logged.target_id, *join.logged.source_ids]
        before = {self.of[one].tree.root_id: self.of[one] for one in named}.values()
        rows = {member: row for tree in before for member, row in tree.rows.items()}
        for row in join.writes.rows:
            self.worked.stored.setdefault(row.customer_id, rows[row.customer_id])
            rows[row.customer_id] = row.after
        for one in named:
            self.worked.digests.pop(one)
        self.worked.shown.update(join.shown)
        now = max(tree.now for tree in before)
        self.add([StoredTree(join.tree, rows, max(now, join.edges[-1].merged_at + timedelta(microseconds=1)))])

    def keep(self, customer_ids: Collection[str]) -> None:
        """Forget the trees that nothing is asked of any more."""
        roots = {self.of[one].tree.root_id for one in customer_ids if one in self.of}
        self.of = {member: tree for member, tree in self.of.items() if tree.tree.root_id in roots}
        for known in (self.worked.shown, self.worked.digests, self.worked.stored):
            for gone in known.keys() - self.of.keys():
                del known[gone]


@dataclass(frozen=True, slots=True)
class _Children:
    """What is known of the children of all members, and how many those of the sources have; a dry run needs neither."""

    tallies: Mapping[str, list[Json]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def count_events(self, join: Join) -> None:
        """Count the events that a merge adds, for a merge after it."""
        for event in join.writes.events:
            counts = self.counts.setdefault(event.customer_id, {})
            counts["events"] = counts.get("events", 0) + 1


def apply_part(tx: Transaction, wanted: Sequence[Wanted], at_most: int) -> tuple[list[Outcome], ChangeToken]:
    """Applies the first ones of some merges, one at least; the outcomes say how many that were.

    What forbids a merge is its outcome; it is known before anything is written. A merge finds the trees as those
    before it have left them; each customer is written and fed once.
    """
    part = _part(tx, wanted[:at_most], {})
    merges.lock(tx, [one.merge.merge_id for one in part.wanted])
    stored = trees.lock_trees(tx, part.known)
    if part.roots != set(stored):
        raise ConflictRetry("The customers were merged or unmerged meanwhile. Repeat the call.")
    tallies, counts = children_of(tx, [one.merge for one in part.wanted], stored)
    children = _Children(tallies, {one: dict(counted) for one, counted in counts.items()})
    now = Trees()
    now.add(stored.values())
    joins, outcomes = _judged(tx, part, now, children, "MERGED")
    if not joins:
        return outcomes, tx.change_token()
    merges.insert(tx, [(merge, join.logged, join.edges) for merge, join in joins])
    return outcomes, _all(joins).store(tx)


def try_part(
    tx: Transaction, wanted: Sequence[Wanted], at_most: int, so_far: Trees | None = None
) -> tuple[list[Outcome], ChangeToken]:
    """What `apply_part` would do, as of now; nothing is locked or written.

    `so_far` are the trees as the parts before would have left them, and is brought up to what this one would leave.
    """
    so_far = so_far or Trees()
    part = _part(tx, wanted[:at_most], so_far.of)
    so_far.add(trees.read_trees(tx, part.known - so_far.of.keys()).values())
    _, outcomes = _judged(tx, part, so_far, _Children(), "WOULD_MERGE")
    so_far.keep({one for later in wanted[len(outcomes) :] for one in later.customer_ids})
    return outcomes, tx.change_token()


def _part(tx: Transaction, wanted: Sequence[Wanted], so_far: Mapping[str, StoredTree]) -> _Part:
    sized = bulk.sizes(tx, [customer_id for one in wanted for customer_id in one.customer_ids])
    sized |= {member: Sized(tree.tree.root_id, len(tree.rows)) for member, tree in so_far.items()}
    roots: set[str] = set()
    ids: set[str] = set()
    room, taken = MOST_MEMBERS, 0
    for one in wanted:
        found = {
            sized[customer_id].root_id: sized[customer_id] for customer_id in one.customer_ids if customer_id in sized
        }
        room -= sum(tree.members for root_id, tree in found.items() if root_id not in roots)
        if taken and (room < 0 or one.merge.merge_id in ids):
            break
        roots |= found.keys()
        ids.add(one.merge.merge_id)
        taken += 1
    return _Part(wanted[:taken], frozenset(roots), _known(wanted[:taken], sized))


def _known(wanted: Sequence[Wanted], sized: Mapping[str, Sized]) -> frozenset[str]:
    return frozenset(customer_id for one in wanted for customer_id in one.customer_ids if customer_id in sized)


def _judged(
    tx: Transaction, part: _Part, so_far: Trees, children: _Children, done: str
) -> tuple[list[tuple[Merge, Join]], list[Outcome]]:
    """The merges that nothing forbids, and the outcome of each, as far as they are together small enough."""
    applied = merges.fingerprints(tx, [one.merge.merge_id for one in part.wanted if one.wrong is None])
    joins: list[tuple[Merge, Join]] = []
    outcomes: list[Outcome] = []
    room, members = MOST_BYTES, MOST_JOINED
    for one in part.wanted:
        before = applied.get(one.merge.merge_id)
        failures = _forbidding(one, before, so_far.of)
        if before is None and not failures:
            try:
                join = _join(tx, one, so_far, children)
            except Failure as failure:
                failures = [failure]
            else:
                room -= sum(len(row.view.text) for row in join.writes.rows)
                members -= len(join.tree.members)
                if min(room, members) < 0 and outcomes:
                    break
                so_far.join(join)
                children.count_events(join)
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
    found: list[Failure] = [CustomerNotFound(one) for one in wanted.customer_ids if one not in tree_of]
    found = found or [*against(wanted.merge, tree_of), *_stale(wanted, tree_of)]
    if not found and wanted.only_if_applied:
        return [PreviewStale(wanted.merge.target_id)]
    return found


def _stale(wanted: Wanted, tree_of: Mapping[str, StoredTree]) -> list[Failure]:
    return [
        PreviewStale(customer_id)
        for customer_id, revision in wanted.expected_revisions.items()
        if customer_id in tree_of and tree_of[customer_id].rows[customer_id].revision != revision
    ]


def _join(tx: Transaction, wanted: Wanted, so_far: Trees, children: _Children) -> Join:
    mine = {so_far.of[one].tree.root_id: so_far.of[one] for one in wanted.customer_ids}
    check_mergeable(wanted.merge, mine, wanted.expected_etags, wanted.expected_digest)
    merge = wanted.merge
    by = actor_of(tx.scope, merge.on_behalf_of, merge.on_behalf_of_name)
    return joining(merge, mine, children.tallies, by, children.counts, so_far.worked)


def _all(joins: Sequence[tuple[Merge, Join]]) -> Writes:
    """The writes of all merges as one: each row as the last one leaves it, fed with the merge that made it a source."""
    rows = {row.customer_id: row for _, join in joins for row in join.writes.rows}
    told = {entry.customer_id: entry for _, join in joins for entry in join.writes.feed}
    told |= {
        entry.customer_id: entry
        for _, join in joins
        for entry in join.writes.feed
        if entry.customer_id in join.logged.source_ids
    }
    events = [event for _, join in joins for event in join.writes.events]
    return Writes(list(rows.values()), events, list(told.values()))

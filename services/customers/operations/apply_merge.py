"""Joins the trees of sources to a target's in one transaction: edges are added, views folded anew, nothing moved."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from services.customers.domain.failures import (
    AlreadyMerged,
    CustomerDeleted,
    PreviewStale,
    SelfMerge,
)
from services.customers.domain.fields import Json
from services.customers.domain.fold import Shown, shown, shown_joined
from services.customers.domain.forest import Edge, Tree, joined
from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.merge import (
    LoggedMerge,
    Merge,
    check_members,
    check_size,
    edges_of,
    member_digest,
)
from services.customers.domain.merge_outcome import state_digest
from services.customers.domain.merge_snapshot import taken
from services.customers.domain.moves import Counts, together
from services.customers.domain.record import Actor
from services.customers.domain.view import views
from services.customers.operations.writing import Writes, actor_of
from services.customers.store import merged_children, merges, trees
from services.customers.store.rows import CustomerWrite, Event, FeedEntry, StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation, RequestIdReused
from services.runtime.freshness import ChangeToken
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class Applied:
    """The merge as logged and what the target shows now."""

    merge: LoggedMerge
    target: StoredCustomer
    token: ChangeToken


def apply_merge(tx: Transaction, merge: Merge, expected_etags: Mapping[str, str], expected_digest: str = "") -> Applied:
    """Merges; the same merge id with the same content answers with the first result.

    Raises SelfMerge, CustomerNotFound, AlreadyMerged, CustomerDeleted, PreviewStale, TreeTooLarge, RequestIdReused,
    FieldsInvalid.
    """
    if not is_id(merge.merge_id):
        raise FieldsInvalid([FieldViolation("merge_id", "is no UUID")])
    logged = merges.locked(tx, merge.merge_id)
    if logged is not None:
        return _first_result(tx, merge, logged)
    stored = mergeable(tx, merge, expected_etags, expected_digest)
    by = actor_of(tx.scope, merge.on_behalf_of, merge.on_behalf_of_name)
    tallies, counts = children_of(tx, [merge], stored)
    join = joining(merge, stored, tallies, by, counts)
    merges.insert(tx, [(merge, join.logged, join.edges)])
    return Applied(join.logged, join.target, join.writes.store(tx))


@dataclass(frozen=True, slots=True)
class Join:
    """A merge that nothing forbids: what is logged of it, its edges, what is to be written, and the target then."""

    logged: LoggedMerge
    edges: list[Edge]
    writes: Writes
    target: StoredCustomer
    tree: Tree
    shown: Mapping[str, Shown]


@dataclass(frozen=True, slots=True)
class Worked:
    """What was worked out of trees for one merge and holds for the next: what members show, and their digests.

    `stored` are the rows as the database has them, of members that earlier merges of the same transaction change.
    """

    shown: dict[str, Shown] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    stored: dict[str, StoredCustomer] = field(default_factory=dict)

    def of(self, tree: Tree) -> dict[str, Shown]:
        """What each member of a tree shows."""
        if tree.root_id not in self.shown:
            self.shown.update(shown(tree))
        return self.shown


def joining(
    merge: Merge,
    stored: Mapping[str, StoredTree],
    tallies: Mapping[str, list[Json]],
    by: Actor,
    counts: Counts,
    worked: Worked | None = None,
) -> Join:
    """What a merge of some locked trees is; writes nothing. Raises TreeTooLarge."""
    worked = worked or Worked()
    target = stored[merge.target_id]
    edges = merge.edges(target.now)
    sources = [stored[source] for source in merge.source_ids]
    forest = [target.tree, *(source.tree for source in sources)]
    tree = joined(forest[0], forest[1:], edges)
    check_members(tree)
    moves = together(counts, [member for source in sources for member in source.rows])
    rows = {member: row for one in stored.values() for member, row in one.rows.items()}
    for one in forest:
        before = worked.of(one)
    folded = shown_joined(tree, target.tree, edges, before)
    changing = {merge.target_id, *(member for source in sources for member in source.rows)}
    logged = merge.logged(by, edges[0].merged_at, digests_of(forest, tallies, worked.digests), moves)
    writes = refolded([tree], rows, "MERGED", logged, Refold(folded, changing, worked.stored))
    root = next(row for row in writes.rows if row.customer_id == merge.target_id)
    check_size(tree, root.view)
    sides = [one.root.shown for one in (target, *sources)]
    snapshot = taken(sides, root.after.shown, folded[merge.target_id].origins)
    return Join(replace(logged, snapshot=snapshot), edges, writes, root.after, tree, folded)


def children_of(
    tx: Transaction, wanted: Iterable[Merge], stored: Mapping[str, StoredTree]
) -> tuple[dict[str, list[Json]], Counts]:
    """What the own children of each member of some trees add to its digest, and how many those of the sources have."""
    sources = [stored[source] for merge in wanted for source in merge.source_ids if source in stored]
    members, moving = ([member for tree in some for member in tree.rows] for some in (stored.values(), sources))
    return merged_children.tally_and_count(tx, members, moving)


def mergeable(
    tx: Transaction, merge: Merge, expected_etags: Mapping[str, str], expected_digest: str = ""
) -> dict[str, StoredTree]:
    """The trees of target and sources by root id, locked; raises what forbids the merge."""
    if merge.target_id in merge.source_ids:
        raise SelfMerge(merge.target_id)
    ids = [merge.target_id, *merge.source_ids]
    stored = trees.lock_trees(tx, ids)
    check_mergeable(merge, stored, expected_etags, expected_digest)
    return stored


def check_mergeable(
    merge: Merge, stored: Mapping[str, StoredTree], expected_etags: Mapping[str, str], expected_digest: str
) -> None:
    """Raises what forbids to merge some trees as they are."""
    ids = [merge.target_id, *merge.source_ids]
    by_member = {member: tree for tree in stored.values() for member in tree.rows}
    for failure in against(merge, by_member):
        raise failure
    for customer_id, etag in expected_etags.items():
        if customer_id not in ids:
            raise FieldsInvalid([FieldViolation("expected_etags", f"{customer_id[:64]} is no part of the merge")])
        if stored[customer_id].root.etag != etag:
            raise PreviewStale(customer_id)
    check_choices(merge, by_member)
    _check_digest(merge, stored, expected_digest)


def against(merge: Merge, by_member: Mapping[str, StoredTree]) -> list[SelfMerge | AlreadyMerged | CustomerDeleted]:
    """All that forbids to merge these customers, in the order in which they are named."""
    found: list[SelfMerge | AlreadyMerged | CustomerDeleted] = []
    if merge.target_id in merge.source_ids:
        found.append(SelfMerge(merge.target_id))
    for customer_id in [merge.target_id, *merge.source_ids]:
        root = by_member[customer_id].root
        if root.customer_id != customer_id:
            found.append(AlreadyMerged(customer_id, root.customer_id))
        elif root.state not in LIVE_STATES:
            found.append(CustomerDeleted(customer_id))
    return found


def digests_of(
    forest: Iterable[Tree], tallies: Mapping[str, list[Json]], worked: dict[str, str] | None = None
) -> dict[str, str]:
    """The digest of each member of some trees, by what their children add; those in `worked` are known, and the others
    are added to it."""
    known = {} if worked is None else worked
    found: dict[str, str] = {}
    for tree in forest:
        touching = edges_of(tree)
        for member, own in tree.members.items():
            if member not in known:
                known[member] = member_digest(own, tallies.get(member, []), touching[member])
            found[member] = known[member]
    return found


@dataclass(frozen=True, slots=True)
class Refold:
    """What spares work when trees are folded anew: what members show, and whose view may be another one (None: any's).

    `stored` are the rows that are written over, where they are not those that were before.
    """

    shown: Mapping[str, Shown] | None = None
    changing: Container[str] | None = None
    stored: Mapping[str, StoredCustomer] = field(default_factory=dict)


def refolded(
    forest: Iterable[Tree],
    rows: Mapping[str, StoredCustomer],
    kind: str,
    logged: LoggedMerge,
    known: Refold = Refold(),
) -> Writes:
    """The writes of the named customers and of all members whose view is another one now, announced with the merge.

    A target that was merged itself since may show the same without its source; it is told of the undo all the same.
    """
    reference = {
        "merge_id": logged.merge_id,
        "source_ids": list(logged.source_ids),
        "target_id": logged.target_id,
    }
    told = {**reference, **logged.undo_told()}
    named = {logged.target_id, *logged.source_ids}
    by = logged.undone_by or logged.merged_by
    writes = Writes()
    for tree in forest:
        for member, view in views(tree, known.shown, known.changing).items():
            before = rows[member]
            same = (view.etag, view.root_id, view.state) == (before.etag, before.root_id, before.state)
            if same and member not in named:
                continue
            writes.rows.append(CustomerWrite(member, tree.members[member], view, known.stored.get(member, before)))
            writes.feed.append(FeedEntry(member, kind, merge=told))
            if member in named:
                writes.events.append(Event(member, kind.lower(), reference, by))
    return writes


def _check_digest(merge: Merge, stored: Mapping[str, StoredTree], expected: str) -> None:
    etags = {member: row.etag for tree in stored.values() for member, row in tree.rows.items()}
    if expected and state_digest(merge, [tree.tree for tree in stored.values()], etags) != expected:
        raise PreviewStale(merge.target_id, previewed=True)


def check_choices(merge: Merge, by_member: Mapping[str, StoredTree]) -> None:
    """Raises FieldsInvalid where a value is chosen from a customer that is no part of the merge."""
    wrong = [
        FieldViolation("choices", f"the value of {unit} is chosen from a customer that is no part of the merge")
        for unit, member in merge.choices.items()
        if member not in by_member
    ]
    if wrong:
        raise FieldsInvalid(wrong)


def _first_result(tx: Transaction, merge: Merge, logged: LoggedMerge) -> Applied:
    if logged.fingerprint != merge.fingerprint:
        raise RequestIdReused("The merge id was used for another merge. Send this one with a new id.")
    return Applied(logged, trees.read_tree(tx, logged.target_id).root, tx.change_token())

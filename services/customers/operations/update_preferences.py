"""Changes what a customer likes and agrees to; what restricts contact is written to every member of the tree.

So it stays with each of them when a merge is undone: nobody knows then on which side it was meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.customers.domain.children import named_paths
from services.customers.domain.consent import Answer, answer, answers, restricts, said, says_no_more
from services.customers.domain.edits import Change, change_of, edited
from services.customers.domain.fields import CONSENTS, Fields, Json
from services.customers.domain.fold import fold
from services.customers.domain.forest import Tree
from services.customers.domain.limits import is_long, refuse_too_many, room_of
from services.customers.domain.preferences import LIKED, WRITABLE, check_proof, checked_likes
from services.customers.domain.record import OwnRecord
from services.customers.domain.view import views
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import Writes, actor_of, utc_now
from services.customers.store import trees
from services.customers.store.rows import CustomerWrite, Event, FeedEntry, StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


@dataclass(frozen=True, slots=True)
class Said:
    """What is wanted: fields that are no answers, and answers by permission, None for one that is taken back."""

    paths: Sequence[str]
    likes: Fields
    answers: Mapping[str, Answer | None]


def update_preferences(
    tx: Transaction,
    customer_id: str,
    draft: Mapping[str, Json],
    mask: Sequence[str],
    etag: str,
    *,
    proof: str = "",
    time: str | None = None,
) -> tuple[StoredCustomer, ChangeToken]:
    """Sets the named fields of the root that the id is in the tree of; what changes nothing writes nothing.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    room = room_of(trees.read_tree(tx, customer_id).tree) if customer_id and is_long(draft) else {}
    wanted = _checked(customer_id, draft, mask, proof, time, room)
    stored = trees.lock_tree(tx, customer_id)
    require_writable(tx, stored.root, etag)
    refuse_too_many(stored.tree, wanted.likes, "preferences.")
    changes = planned_changes(stored.tree, wanted, stored.now)
    if not changes:
        return stored.root, tx.change_token()
    by = actor_of(tx.scope)
    members = {member: edited(stored.tree.part(member), change, stored.now, by) for member, change in changes.items()}
    writes = _writes(stored, members)
    for member, change in changes.items():
        writes.events += _events(stored, member, change)
    token = writes.store(tx)
    return next(row.after for row in writes.rows if row.customer_id == stored.tree.root_id), token


def _checked(
    customer_id: str,
    draft: Mapping[str, Json],
    mask: Sequence[str],
    proof: str,
    time: str | None,
    room: Mapping[str, int],
) -> Said:
    paths = named_paths("Preferences", draft, mask, WRITABLE)
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    likes = checked_likes(check, draft, room.get("favorite_products", 0))
    since = check_proof(check, proof, time, utc_now())
    check.raise_if_any()
    given = {name: answer(draft[name], since, proof) if name in draft else None for name in CONSENTS if name in paths}
    return Said([path for path in paths if path in LIKED], likes, given)


def planned_changes(tree: Tree, wanted: Said, now: datetime) -> dict[str, Change]:
    """For each member that something is written to: what. Only what restricts goes to others than the root."""
    shown, root_id = fold(tree), tree.root_id
    change = change_of(shown, wanted.paths, wanted.likes, now)
    of_root = {name: given for name, given in wanted.answers.items() if _tells(tree.root, shown, name, given)}
    units = {**change.units, **_units(of_root)}
    found = {root_id: Change(units, change.items)} if units or change.items else {}
    for member, own in tree.members.items():
        restricting = {
            name: given
            for name, given in wanted.answers.items()
            if restricts(name, given) and _tells(own, {}, name, given)
        }
        if restricting and member != root_id:
            found[member] = Change(_units(restricting), {})
    return found


def _tells(own: OwnRecord, shown: Fields, permission: str, given: Answer | None) -> bool:
    """Whether an answer is news for a customer; one that restricts also where only a merged one had given it."""
    known = said(own, permission) if restricts(permission, given) else answers(shown).get(permission)
    return known is not None if given is None else not says_no_more(known, given)


def _units(given: Mapping[str, Answer | None]) -> dict[str, Fields]:
    return {name: {name: one} if one is not None else {} for name, one in given.items()}


def _writes(stored: StoredTree, changed: Mapping[str, OwnRecord]) -> Writes:
    """The rows of every member that is or shows something else than before, each announced."""
    tree = replace(stored.tree, members={**stored.tree.members, **changed})
    writes = Writes()
    for member, view in views(tree).items():
        if member in changed or view.etag != stored.rows[member].etag or member == tree.root_id:
            writes.rows.append(CustomerWrite(member, tree.members[member], view, stored.rows[member]))
            writes.feed.append(FeedEntry(member, "UPDATED"))
    return writes


def _events(stored: StoredTree, member: str, change: Change) -> list[Event]:
    """What the timeline tells of a member: one entry for each answer, and one for all else."""
    root_id, shown = stored.tree.root_id, stored.rows[member].view
    given_to = {} if member == root_id else {"shown_under": root_id}
    told = [
        Event(member, "consent_changed", {**_answered(name, shown, values.get(name)), **given_to})
        for name, values in change.units.items()
        if name in CONSENTS
    ]
    likes = sorted({*change.names} - {*CONSENTS})
    return [*told, *([Event(member, "preferences_changed", {"fields": likes})] if likes else [])]


def _answered(permission: str, shown: Fields, given: Answer | None) -> dict[str, Json]:
    """What the history keeps of an answer: what was said before and now, since when, and by what proof."""
    before = answers(shown).get(permission)
    data: dict[str, Json] = {"permission": permission, **(given or {"value": None})}
    return {**data, "before": before["value"]} if before is not None else data

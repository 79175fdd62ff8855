"""Changes a customer: the fields of a mask, unless someone changed it first or another one has the new key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from services.customers.domain.draft import check, short_forms_said
from services.customers.domain.edits import change_of, edited
from services.customers.domain.failures import DuplicateCustomer
from services.customers.domain.fields import Fields, Json
from services.customers.domain.fold import fold
from services.customers.domain.keys import Key, duplicate_keys, external_keys
from services.customers.domain.limits import is_long, refuse_too_many, room_of
from services.customers.operations.changing import Plan, Planned, Planner, change
from services.customers.operations.create_customer import lockable, refuse_taken_ids
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import actor_of, utc_now
from services.customers.store import companies, duplicates, trees
from services.customers.store.rows import StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken


def update_customer(
    tx: Transaction, customer_id: str, draft: Mapping[str, Json], paths: Sequence[str], etag: str
) -> tuple[StoredCustomer, ChangeToken]:
    """Sets the fields that `paths` name to what the draft says. A change that changes nothing writes nothing.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch, DuplicateCustomer for a key
    that is new.
    """
    if not customer_id:
        raise FieldsInvalid([FieldViolation("customer_id", "is required")])
    fields, named = checked_patch(tx, draft, paths, customer_id)
    keys, ids = duplicate_keys(fields, "ACTIVE"), external_keys(fields)
    duplicates.lock_keys(tx, [*keys, *lockable(ids)])
    changed = change(tx, customer_id, patching(fields, named, etag))
    return changed.after, changed.token


def checked_patch(
    tx: Transaction, draft: Mapping[str, Json], paths: Sequence[str], customer_id: str = ""
) -> tuple[Fields, set[str]]:
    """The checked values of the fields that a mask names, and the names that count. Raises FieldsInvalid.

    Of a customer that others are merged into, long lists are read too: the plan says whether it holds too many itself.
    """
    named = {path: draft[path] for path in paths if path in draft}
    room = room_of(trees.read_tree(tx, customer_id).tree) if customer_id and is_long(named) else {}
    checked = check(named, region=companies.read(tx).settings.region, now=utc_now(), room=room)
    if checked.violations:
        raise FieldsInvalid(checked.violations)
    return checked.fields, {*paths} - short_forms_said(named)


def patching(fields: Fields, named: Collection[str], etag: str = "") -> Planner:
    """The plan that sets checked fields; those that are named and have no value are cleared.

    Its keys are locked before. What it looks up is looked up for each tree, and only where it adds keys.
    """

    def planner(tx: Transaction, _: Sequence[StoredTree]) -> Plan:
        def plan(stored: StoredTree) -> Planned | None:
            require_writable(tx, stored.root, etag)
            change = change_of(fold(stored.tree), named, fields, stored.now)
            if not change:
                return None
            if stored.root.view.get("name") and not change.units.get("name", stored.root.view).get("name"):
                raise FieldsInvalid([FieldViolation("customer.name", "cannot be cleared")])
            refuse_too_many(stored.tree, fields, "customer.")
            refuse_taken_ids(tx, external_keys(fields), frozenset(stored.rows))
            _refuse_duplicates(tx, stored.root, duplicate_keys(fields, "ACTIVE"))
            own = edited(stored.tree, change, stored.now, actor_of(tx.scope))
            return Planned(own, "UPDATED", "updated", {"fields": change.names})

        return plan

    return planner


def _refuse_duplicates(tx: Transaction, root: StoredCustomer, keys: set[Key]) -> None:
    new = keys - duplicate_keys(root.view, root.state)
    hits = duplicates.hits(tx, new, except_for=root.customer_id)
    if hits:
        raise DuplicateCustomer(hits)

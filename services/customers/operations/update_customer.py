"""Changes a customer: the fields of a mask, unless someone changed it first or another one has the new key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.customers.domain.draft import check, short_forms_said
from services.customers.domain.edits import change_of, edited
from services.customers.domain.failures import DuplicateCustomer
from services.customers.domain.fields import Json
from services.customers.domain.fold import fold
from services.customers.domain.keys import Key, duplicate_keys, external_keys
from services.customers.operations.create_customer import lockable, refuse_taken_ids
from services.customers.operations.guard import require_live as require_live
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import Writes, actor_of, utc_now
from services.customers.store import companies, duplicates, trees
from services.customers.store.rows import StoredCustomer
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken


def update_customer(
    tx: Transaction, customer_id: str, draft: Mapping[str, Json], paths: Sequence[str], etag: str
) -> tuple[StoredCustomer, ChangeToken]:
    """Sets the fields that `paths` name to what the draft says. A change that changes nothing writes nothing.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, EtagMismatch, DuplicateCustomer for a key that is new.
    """
    if not customer_id:
        raise FieldsInvalid([FieldViolation("customer_id", "is required")])
    named = {path: draft[path] for path in paths if path in draft}
    checked = check(named, region=companies.read(tx).settings.region, now=utc_now())
    if checked.violations:
        raise FieldsInvalid(checked.violations)
    keys, ids = duplicate_keys(checked.fields, "ACTIVE"), external_keys(checked.fields)
    duplicates.lock_keys(tx, [*keys, *lockable(ids)])
    stored = trees.lock_tree(tx, customer_id)
    require_writable(tx, stored.root, etag)
    change = change_of(fold(stored.tree), {*paths} - short_forms_said(named), checked.fields, stored.now)
    if not change:
        return stored.root, tx.change_token()
    if stored.root.view.get("name") and not change.units.get("name", stored.root.view).get("name"):
        raise FieldsInvalid([FieldViolation("customer.name", "cannot be cleared")])
    refuse_taken_ids(tx, ids, frozenset(stored.rows))
    _refuse_duplicates(tx, stored.root, keys)
    own = edited(stored.tree, change, stored.now, actor_of(tx.scope))
    writes = Writes()
    customer = writes.change(stored, stored.tree.root_id, own, "UPDATED", "updated", {"fields": change.names})
    return customer, writes.store(tx)


def _refuse_duplicates(tx: Transaction, root: StoredCustomer, keys: set[Key]) -> None:
    new = keys - duplicate_keys(root.view, root.state)
    hits = duplicates.hits(tx, new, except_for=root.customer_id)
    if hits:
        raise DuplicateCustomer(hits)

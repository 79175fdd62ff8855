"""Creates a customer, unless another one has the same e-mail or phone and the caller minds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.customers.domain.company import CreatePolicy, Settings, missing
from services.customers.domain.draft import Checked, check, joined_name
from services.customers.domain.edits import new_record
from services.customers.domain.failures import DuplicateCustomer, DuplicateHit
from services.customers.domain.fields import Json
from services.customers.domain.keys import Key, duplicate_keys, external_keys
from services.customers.domain.note import LONGEST_NOTE
from services.customers.domain.record import OwnRecord
from services.customers.operations.create_note import create_note
from services.customers.operations.writing import Writes, actor_of, utc_now
from services.customers.store import companies, duplicates, trees
from services.customers.store.rows import StoredCustomer
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id


@dataclass(frozen=True, slots=True)
class Created:
    """The stored customer, whether this call created it, and who shares a key with it."""

    customer: StoredCustomer
    created: bool
    duplicates: list[DuplicateHit]
    token: ChangeToken


def create_customer(tx: Transaction, draft: Mapping[str, Json], on_duplicate: str = "", *, note: str = "") -> Created:
    """Creates the customer of a draft, with a first note where one is given.

    `on_duplicate` is REJECT, ALLOW, RETURN_EXISTING; empty: the company's policy.

    Raises FieldsInvalid with every wrong field, DuplicateCustomer where REJECT meets one.
    """
    settings = companies.read(tx).settings
    on_duplicate = on_duplicate or settings.create_policy.on_duplicate
    own = checked_record(tx, draft, settings, note)
    keys, ids = duplicate_keys(own.fields, own.state), external_keys(own.fields)
    duplicates.lock_keys(tx, [*keys, *lockable(ids)])
    refuse_taken_ids(tx, ids)
    hits = duplicates.hits(tx, keys)
    if hits and on_duplicate == "REJECT":
        raise DuplicateCustomer(hits)
    if hits and on_duplicate == "RETURN_EXISTING":
        existing = trees.read_tree(tx, hits[0].customer_id).root
        return Created(existing, False, hits, tx.change_token())
    writes = Writes()
    customer = writes.create(new_id(), own)
    token = writes.store(tx)
    if note:
        create_note(tx, customer.customer_id, {"content": note})
    return Created(customer, True, hits, token)


def checked_record(tx: Transaction, draft: Mapping[str, Json], settings: Settings, note: str = "") -> OwnRecord:
    """The record of a new customer as its draft says. Raises FieldsInvalid with every wrong field."""
    now = utc_now()
    checked = check(draft, region=settings.region, now=now)
    _require_name(checked)
    _check_note(checked, note)
    _require(settings.create_policy, checked)
    return new_record(_valid(checked), now, actor_of(tx.scope))


def lockable(external_ids: set[Key]) -> list[Key]:
    """External ids as keys whose locks can be taken beside those of e-mails and phones."""
    return [("EXTERNAL", f"{system}\x1f{external_id}") for system, external_id in external_ids]


def refuse_taken_ids(tx: Transaction, external_ids: set[Key], except_for: frozenset[str] = frozenset()) -> None:
    """Raises FieldsInvalid where an external id belongs to a customer that is not among the exceptions."""
    taken = {key: owner for key, owner in duplicates.owners(tx, external_ids).items() if owner not in except_for}
    if taken:
        raise FieldsInvalid(
            [
                FieldViolation("customer.external_ids", f'"{external_id}" of {system} belongs to customer {owner}')
                for (system, external_id), owner in sorted(taken.items())
            ]
        )


def _check_note(checked: Checked, note: str) -> None:
    if note and not (note.strip() and len(note) <= LONGEST_NOTE and "\x00" not in note):
        checked.wrong("note", f"takes 1 to {LONGEST_NOTE} characters")


def _require_name(checked: Checked) -> None:
    fields = checked.fields
    named = fields.get("name") or joined_name(fields)
    if not named and not any(violation.field == "customer.name" for violation in checked.violations):
        checked.wrong("customer.name", "is required")


def _require(policy: CreatePolicy, checked: Checked) -> None:
    known = {violation.field for violation in checked.violations}
    checked.violations += [violation for violation in missing(policy, checked.fields) if violation.field not in known]


def _valid(checked: Checked) -> dict[str, Json]:
    if checked.violations:
        raise FieldsInvalid(checked.violations)
    return checked.fields

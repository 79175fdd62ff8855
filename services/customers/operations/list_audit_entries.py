"""Lists entries of the audit log by customer, time and actor, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from services.customers.domain.audit import AuditEntry, AuditQuestion
from services.customers.domain.fields import Json, weight
from services.customers.store import audit, trees
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck

LONGEST_ACTOR = 255
_FIELDS_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, and how to go on."""

    entries: Sequence[AuditEntry]
    next_page_token: str


def list_audit_entries(
    tx: Transaction, customer_id: str, question: AuditQuestion, *, page_size: int, page_token: str
) -> AuditPage:
    """One page, of the tree that a customer is in where one is named, deleted or not.

    Raises FieldsInvalid, PageTokenMismatch, CustomerNotFound.
    """
    check = FieldCheck()
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    good = len(question.actor) <= LONGEST_ACTOR and "\x00" not in question.actor
    check.require(good, "actor", f"takes up to {LONGEST_ACTOR} characters")
    check.raise_if_any()
    size = paging.page_size(page_size)
    if customer_id:
        question = replace(question, customer_ids=tuple(sorted(trees.read_tree(tx, customer_id).rows)))
    identity = _identity(customer_id, question)
    found = audit.page(tx, question, _position(paging.position_of(page_token, identity, tx.scope.company_id)), size + 1)
    page, more = paging.page_of(found, size, _weight)
    following = (
        paging.page_token(identity, [page[-1].changed_at.isoformat(), page[-1].number], tx.scope.company_id)
        if more
        else ""
    )
    return AuditPage(page, following)


def _identity(customer_id: str, question: AuditQuestion) -> Mapping[str, Json]:
    """What a page token is bound to; a tree may grow between two pages."""
    return {"list": "audit", **asdict(question), "customer_ids": None, "customer_id": customer_id.lower()}


def _position(position: list[Any] | None) -> tuple[str, int] | None:
    if position is None:
        return None
    try:
        changed_at, number = position
        if not isinstance(number, int):
            raise ValueError("no position of the audit log")
    except (ValueError, TypeError) as error:
        raise paging.not_a_token(error) from error
    return paging.moment(changed_at), number


def _weight(entry: AuditEntry) -> int:
    """A field of a Struct takes some bytes around its value: twice the text is no less."""
    return 2 * (weight(entry.old_values) + weight(entry.new_values)) + _FIELDS_BYTES

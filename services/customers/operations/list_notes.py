"""Lists the notes of a customer and of all that were merged into it, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.customers.domain.note import Note
from services.customers.operations.update_customer import require_live
from services.customers.store import notes, trees
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.ids import is_id

_FIELDS_BYTES = 700


@dataclass(frozen=True, slots=True)
class NotePage:
    """Some notes, how to go on, and how many there are."""

    notes: Sequence[Note]
    next_page_token: str
    total_size: int


def list_notes(tx: Transaction, customer_id: str, *, page_size: int, page_token: str) -> NotePage:
    """One page. Raises FieldsInvalid, PageTokenMismatch, CustomerNotFound, CustomerDeleted."""
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    check.raise_if_any()
    size = paging.page_size(page_size)
    root = trees.read_tree(tx, customer_id).root
    require_live(root)
    question = {"list": "notes", "customer_id": root.customer_id}
    found = notes.page(tx, root.customer_id, _before(paging.position_of(page_token, question)), size + 1)
    page, more = paging.page_of(found, size, lambda note: len(note.content.encode()) + _FIELDS_BYTES)
    following = paging.page_token(question, [page[-1].note_id]) if more else ""
    return NotePage(page, following, notes.count(tx, root.customer_id))


def _before(position: list[Any] | None) -> str:
    if position is None:
        return ""
    if len(position) != 1 or not isinstance(position[0], str) or not is_id(position[0]):
        raise paging.not_a_token()
    return position[0]

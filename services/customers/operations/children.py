"""What is the same for every kind of child: whom it belongs to, who may change it, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.customers.domain.children import Child, etag_of
from services.customers.domain.fields import Json, weight
from services.customers.domain.record import Actor
from services.customers.operations.guard import require_live, require_writable
from services.customers.operations.writing import actor_of, utc_now
from services.customers.store import children, trees
from services.customers.store.children import ChildTable, Wanted
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import EtagMismatch, Failure, FieldCheck
from services.runtime.ids import is_id, new_id

NotFound = Callable[[str], Failure]
SYSTEM = Actor("system", "System")


@dataclass(frozen=True, slots=True)
class ChildPage:
    """Some children, how to go on, how many there are, and whether there are more than that."""

    children: Sequence[Child]
    next_page_token: str
    total_size: int
    estimated: bool


def add(
    tx: Transaction, table: ChildTable, customer_id: str, values: Mapping[str, Json], author: Actor | None = None
) -> Child:
    """Stores a child of a customer, by default as the caller's own."""
    now, by = utc_now(), author or actor_of(tx.scope)
    return children.insert(
        tx,
        table,
        {
            table.key: new_id(),
            "origin_customer_id": customer_id.lower(),
            "author": by.subject,
            "author_name": by.name,
            "created_at": now,
            **_changed(now, by),
            **values,
        },
    )


def change(tx: Transaction, table: ChildTable, child: Child, values: Mapping[str, Json]) -> Child:
    """Sets some columns of a child."""
    return children.update(tx, table, child[table.key], {**values, **_changed(utc_now(), actor_of(tx.scope))})


def remove(tx: Transaction, table: ChildTable, child: Child) -> Child:
    """Hides a child; its row stays."""
    return change(tx, table, child, {"deleted_at": utc_now()})


def read(tx: Transaction, table: ChildTable, child_id: str, not_found: NotFound) -> Child:
    """A child that is there. Raises what `not_found` makes, and CustomerDeleted where its customer is."""
    child = _known(tx, table, child_id, not_found, lock=False)
    if child["deleted_at"] is not None:
        raise not_found(child_id)
    require_live(trees.read_tree(tx, child["origin_customer_id"]).root)
    return child


def locked(tx: Transaction, table: ChildTable, child_id: str, etag: str, not_found: NotFound) -> Child:
    """A child that the caller may change, deleted or not; none but this transaction changes it until it ends.

    Raises what `not_found` makes, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    child = _known(tx, table, child_id, not_found, lock=True)
    require_writable(tx, trees.read_tree(tx, child["origin_customer_id"]).root)
    if etag and etag != etag_of(child) and child["deleted_at"] is None:
        text = "It changed since it was read; read it again."
        raise EtagMismatch(text, metadata={table.key: child[table.key]})
    return child


def listed(
    tx: Transaction, table: ChildTable, customer_id: str, wanted: Wanted, *, page_size: int, page_token: str
) -> ChildPage:
    """One page for the tree that a customer is in. Raises FieldsInvalid, PageTokenMismatch, CustomerNotFound,
    CustomerDeleted."""
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    check.raise_if_any()
    size = paging.page_size(page_size)
    root = trees.read_tree(tx, customer_id).root
    require_live(root)
    question = _question(table, root.customer_id, wanted)
    before = position(paging.position_of(page_token, question, tx.scope.company_id))
    found = children.page(tx, table, root.customer_id, wanted, before, size + 1)
    page, more = paging.page_of(found, size, weight)
    following = (
        paging.page_token(question, [page[-1][table.time], page[-1][table.key]], tx.scope.company_id) if more else ""
    )
    return ChildPage(page, following, *children.count(tx, table, root.customer_id, wanted))


def position(found: list[Any] | None) -> list[str] | None:
    """The time and the id that a page token holds; None for the first page."""
    if found is None:
        return None
    try:
        at, child_id = found
        if not is_id(child_id):
            raise ValueError("no position of a list")
    except (ValueError, TypeError) as error:
        raise paging.not_a_token(error) from error
    return [paging.moment(at), child_id]


def _question(table: ChildTable, root_id: str, wanted: Wanted) -> Mapping[str, Json]:
    values = {name: sorted(named) for name, named in wanted.values.items()}
    return {"list": table.name, "customer_id": root_id, "start": wanted.start, "end": wanted.end, **values}


def _known(tx: Transaction, table: ChildTable, child_id: str, not_found: NotFound, *, lock: bool) -> Child:
    check = FieldCheck()
    check.require(child_id, table.key, "is required")
    check.raise_if_any()
    child = children.find(tx, table, child_id, lock=lock) if is_id(child_id) else None
    if child is None:
        raise not_found(child_id)
    return child


def _changed(now: datetime, by: Actor) -> dict[str, Json]:
    return {"updated_at": now, "updated_by": by.subject, "updated_by_name": by.name}

"""Whom a batch is about: the trees of many ids with their sizes, and the ids that a filter holds for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from services.customers.domain.listing import Question
from services.customers.store import list_conditions as where
from services.customers.store.list_shape import shape_of, values_of
from services.customers.store.tables import customers
from services.runtime.database import Transaction
from services.runtime.ids import is_id

# Each by its key: in a join the planner may read all of a company instead, while there are no statistics.
ROOTS = """
SELECT asked.id::text AS asked_id, c.root_id::text,
       1 + coalesce(jsonb_array_length(root.view -> 'merged_customer_ids'), 0) AS members
  FROM unnest(%s::uuid[]) AS asked (id)
 CROSS JOIN LATERAL (
       SELECT root_id FROM customers WHERE company_id = (SELECT app_company()) AND customer_id = asked.id LIMIT 1) AS c
 CROSS JOIN LATERAL (
       SELECT view FROM customers
        WHERE company_id = (SELECT app_company()) AND customer_id = c.root_id LIMIT 1) AS root
"""


@dataclass(frozen=True, slots=True)
class Sized:
    """The root of a customer, and how many members its tree has."""

    root_id: str
    members: int


def sizes(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, Sized]:
    """The root of each customer that is there, by its id in lower case."""
    ids = [customer_id for customer_id in customer_ids if is_id(customer_id)]
    rows = tx.rows(ROOTS, (ids,)) if ids else []
    return {row["asked_id"]: Sized(row["root_id"], row["members"]) for row in rows}


def matching_ids(tx: Transaction, question: Question, limit: int) -> list[str]:
    """The customers that the conditions of a question hold for, by id, so many at most."""
    shape = shape_of(question)
    conditions = [
        where.scope(shape, customers),
        *where.row_conditions(shape, customers),
        *where.label_joins(shape, customers),
    ]
    rows = tx.run(select(customers.c.customer_id).where(*conditions).limit(limit), values_of(question))
    return sorted(str(row["customer_id"]) for row in rows)

"""Lists of customers by keyset, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)

from services.customers.domain.fields import Json
from services.customers.domain.listing import COUNTED, Question
from services.customers.store.tables import customers
from services.identity.names import name_sort
from services.runtime.core_sql import core_sql
from services.runtime.database import Transaction

SORT_COLUMNS = {
    "CREATE_TIME": customers.c.created_at,
    "UPDATE_TIME": customers.c.updated_at,
    "NAME": customers.c.name_sort,
    "CUSTOMER_ID": customers.c.customer_id,
}
SHOWN = text("view || jsonb_build_object('customer_id', customer_id, 'etag', etag, 'revision', revision) AS shown")


def page(
    tx: Transaction, question: Question, after: Sequence[Any] | None, skip: int, limit: int
) -> list[tuple[list[Any], dict[str, Json]]]:
    """The customers after a position: for each its own position and what it shows."""
    column = SORT_COLUMNS[question.sort]
    keys = [column, customers.c.customer_id] if question.sort != "CUSTOMER_ID" else [column]
    statement = select(SHOWN, *(key.label(f"key_{place}") for place, key in enumerate(keys))).where(_where(question))
    if after is not None:
        here, there = tuple_(*keys), tuple_(*(literal(value, key.type) for value, key in zip(after, keys, strict=True)))
        statement = statement.where(here < there if question.descending else here > there)
    ordered = [key.desc() if question.descending else key.asc() for key in keys]
    rows = tx.run(statement.order_by(*ordered).offset(skip).limit(limit))
    return [([_plain(row[f"key_{place}"]) for place in range(len(keys))], row["shown"]) for row in rows]


def count(tx: Transaction, question: Question, *, exactly: bool) -> tuple[int, bool]:
    """How many customers there are, and whether that is an estimate: above COUNTED the planner's."""
    matching = select(literal(1)).where(_where(question)).select_from(customers)
    counted = matching if exactly else matching.limit(COUNTED + 1)
    number = int(tx.run(select(func.count().label("n")).select_from(counted.subquery()))[0]["n"])
    if exactly or number <= COUNTED:
        return number, False
    return max(number, _estimated(tx, matching)), True


def _estimated(tx: Transaction, statement: Select[Any]) -> int:
    sql, parameters = core_sql(statement)
    plan = tx.value(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    return int(plan[0]["Plan"]["Plan Rows"])


def _where(question: Question) -> ColumnElement[bool]:
    row = customers.c
    conditions: list[ColumnElement[bool]] = [
        row.company_id == select(func.app_company()).scalar_subquery(),
        # As constants, never parameters: by them the planner knows which partial index holds these states.
        row.state.in_(bindparam("states", question.states, expanding=True, literal_execute=True)),
    ]
    for column, start, end in (
        (row.created_at, question.created_from, question.created_before),
        (row.updated_at, question.updated_from, question.updated_before),
    ):
        conditions += [column >= start] if start else []
        conditions += [column < end] if end else []
    if question.text:
        conditions.append(_begins_with(question.text))
    return and_(*conditions)


def _begins_with(wanted: str) -> ColumnElement[bool]:
    """The folded name, the e-mail or the phone begins with the text; of a phone without letters the digits count."""
    row = customers.c
    digits = "".join(character for character in wanted if character.isdecimal() or character == "+")
    dialled = digits.strip("+") and not any(character.isalpha() for character in wanted)
    beginnings = (
        (row.name_sort, name_sort(wanted)),
        (row.email_sort, wanted.casefold()),
        (row.phone_sort, digits if dialled else ""),
    )
    # The second condition of each is what an index over those that have one asks for.
    return or_(
        false(),
        *(and_(column.op("^@")(begin), column != literal_column("''")) for column, begin in beginnings if begin),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)

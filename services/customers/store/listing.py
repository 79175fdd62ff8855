"""Lists of customers by keyset: how many there are, and the way by which a page is read.

PostgreSQL chooses the index of a condition well and the way to the first rows of an order badly: it takes what
conditions hold for to be spread evenly over the order. So the count, which comes first, decides:

- few: all of them are found by their conditions and then put in order;
- many: the order's index is walked until the page is full, so many rows at most and then more, and what is not full
  by then has conditions that go against the order: all are found and put in order after all, within the time-out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    not_,
    select,
    text,
    tuple_,
    union,
)

from services.customers.domain.fields import Json, beyond_text
from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.listing import COUNTED, Question
from services.customers.store import list_conditions as where
from services.customers.store.list_conditions import Source
from services.customers.store.list_shape import SHAPES, Shape, shape_of, values_of
from services.customers.store.tables import customers
from services.runtime.core_sql import core_sql
from services.runtime.database import Transaction
from services.runtime.failures import StatementTimeout

SORT_COLUMNS = {
    "CREATE_TIME": "created_at",
    "UPDATE_TIME": "updated_at",
    "NAME": "name_sort",
    "CUSTOMER_ID": "customer_id",
    "LAST_INTERACTION_TIME": "last_interaction_time",
    "TOTAL_CONVERSATIONS": "total_conversations",
}
FEW, GATHERED = 2_000, 120_000
"""Up to FEW are put in order at once; up to GATHERED (20 ms of a million) after one short walk."""

WALKS = (2_000, 20_000)
"""How many rows of an order are walked before the next way is tried."""
LONGEST_MS = 1_000
LIMITS = f"""
SELECT set_config('statement_timeout', '{LONGEST_MS}', true), set_config('max_parallel_workers_per_gather', '0', true)
"""
SHOWN = text("""
    (view || jsonb_build_object('customer_id', customer_id, 'etag', etag, 'revision', revision))::text AS shown,
    total_conversations, nullif(last_interaction_time, '-infinity')::text AS last_interaction""")
ONE = text("(SELECT app_company()) = company_id")


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer of a page: its place in the order, what it shows, and the figures of its conversations.

    The last interaction is in ISO 8601, empty where there is none. `weight` is about the bytes of what it shows.
    """

    position: list[str]
    shown: dict[str, Json]
    weight: int
    total_conversations: int
    last_interaction: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after a position in the order, or, going back, before it; `skip` more are passed over."""

    position: Sequence[str] = ()
    backwards: bool = False
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Going:
    """From where and in which direction an order is gone, without the values of the place."""

    positioned: bool
    backwards: bool


Values = dict[str, Any]
"""The values of a statement by name."""


def page(tx: Transaction, question: Question, place: Place, limit: int, counted: int) -> list[Listed]:
    """The customers from a place on, in order; going back the last is the nearest. `counted` is how many there are.

    Raises StatementTimeout where the filter is too wide for its order.
    """
    rows: list[dict[str, Any]] = []
    values = values_of(question) | _values_of_place(place, limit)
    for statement, most in _ways(question, place, limit, counted):
        rows = _run(tx, question, statement, values | {"most": most})
        if len(rows) >= limit:
            break
    found = [_listed(row) for row in rows]
    return found[::-1] if place.backwards else found


def count(tx: Transaction, question: Question, *, exactly: bool) -> tuple[int, bool]:
    """How many customers there are, and whether that is an estimate: above COUNTED the planner's."""
    shape, values = shape_of(question), values_of(question)
    number = int(_run(tx, question, _counting(shape, exactly), values)[0]["n"])
    if exactly or number <= COUNTED:
        return number, False
    return max(number, _estimated(tx, _weighed(shape), values)), True


def limit_work(tx: Transaction) -> None:
    """Each further statement of the transaction ends after LONGEST_MS, and has one process."""
    tx.execute(LIMITS)


@lru_cache(SHAPES)
def _counting(shape: Shape, exactly: bool) -> Select[Any]:
    counted = _matching(shape) if exactly else _matching(shape, bounded=True).limit(COUNTED + 1)
    return select(func.count().label("n")).select_from(counted.subquery())


@lru_cache(SHAPES)
def _weighed(shape: Shape) -> Select[Any]:
    return _matching(shape, weighed=True)


def _matching(shape: Shape, *, bounded: bool = False, weighed: bool = False) -> Select[Any]:
    """One row for each customer that the conditions hold for; by labels or beginnings alone where these say all."""
    if where.labels_say_all(shape):
        return where.labels_alone(shape, bounded=bounded)
    if where.beginnings_say_all(shape) and not weighed:
        return where.begun_alone(shape, bounded=bounded)
    conditions = [where.scope(shape, customers), *where.row_conditions(shape, customers, weighed=weighed)]
    return select(literal(1)).select_from(customers).where(*conditions, *where.label_joins(shape, customers))


def _estimated(tx: Transaction, statement: Select[Any], values: Values) -> int:
    sql, parameters = core_sql(statement, values)
    plan = tx.value(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    return int(plan[0]["Plan"]["Plan Rows"])


def _values_of_place(place: Place, limit: int) -> Values:
    after = {f"after_{number}": value for number, value in enumerate(place.position)}
    return {**after, "skip": place.skip, "limit": limit, "reach": place.skip + limit}


def _ways(question: Question, place: Place, limit: int, counted: int) -> Iterator[tuple[Select[Any], int]]:
    """Statements that give a page, the cheapest first, with the most rows that are walked; the last one gives all."""
    shape, going = shape_of(question), Going(bool(place.position), place.backwards)
    if shape.asked <= {"states"} and set(shape.states) == set(LIVE_STATES):
        yield _walk(shape, going, False), 0
        return
    if counted > COUNTED and "text" in shape.asked and shape.sort == "NAME":
        yield _merged_beginnings(shape, going), 0
        return
    for most in WALKS if counted > GATHERED else WALKS[:1] if counted > FEW else ():
        yield _walk(shape, going, True), max(most, 2 * (place.skip + limit))
    yield _gathered(shape, going), 0


@lru_cache(SHAPES)
def _walk(shape: Shape, going: Going, bounded: bool) -> Select[Any]:
    """The order's index from the place on, so many rows of it, and of these the ones that the conditions hold for."""
    kept = [column for column in customers.c if column.name not in {"view", "etag", "revision"}]
    start = select(*kept).where(where.scope(shape, customers), *_after(shape, going, customers))
    if "created_by" in shape.asked and shape.sort == "CREATE_TIME":  # there is an index of just this order
        start = start.where(where.created_by(customers))
    start = start.order_by(*_order(shape, going, customers))
    walked = (start.limit(_told("most")) if bounded else start).subquery("walked")
    checks = [*where.row_conditions(shape, walked), *where.label_checks(shape, walked)]
    found = _keys(shape, walked).where(*checks).order_by(*_order(shape, going, walked))
    return _shown(_one_page(found), shape, going)


@lru_cache(SHAPES)
def _gathered(shape: Shape, going: Going) -> Select[Any]:
    """All that the conditions hold for, by whatever index serves them best, and then in order."""
    conditions = [where.scope(shape, customers), *_after(shape, going, customers)]
    if where.beginnings_say_all(shape) and shape.bits:  # of those who begin so most are none: their rows are not read
        conditions.append(customers.c.customer_id.in_(where.begun_alone(shape, bounded=False)))
    else:
        conditions += [*where.row_conditions(shape, customers), *where.label_joins(shape, customers)]
    # OFFSET keeps the order out: it would tempt the planner to walk its index.
    gathered = _keys(shape, customers).where(*conditions).offset(0).subquery("gathered")
    return _shown(_one_page(select(*gathered.c).order_by(*_order(shape, going, gathered))), shape, going)


@lru_cache(SHAPES)
def _merged_beginnings(shape: Shape, going: Going) -> Select[Any]:
    """By name, of very many that begin with a text: names are a stretch of their index, only the others are sorted."""
    first, *others = where.beginnings(shape, customers)
    plain = replace(shape, asked=shape.asked - {"text"}, begun=())
    checks = [where.scope(shape, customers), *where.row_conditions(plain, customers)]
    checks += [*where.label_joins(shape, customers), *_after(shape, going, customers)]

    def part(*conditions: ColumnElement[bool], fence: bool = True) -> Select[Any]:
        # But for the names themselves an index of their order would be walked past all others: OFFSET keeps it out.
        keys = _keys(shape, customers).where(*checks, *conditions)
        found: Source = keys.offset(0).subquery() if fence else keys.subquery()
        some = select(*found.c).order_by(*_order(shape, going, found)).limit(_told("reach")).subquery()
        return select(*some.c)

    merged = union(part(first, fence=False), *(part(other, not_(first)) for other in others)).subquery("merged")
    return _shown(_one_page(select(*merged.c).order_by(*_order(shape, going, merged))), shape, going)


def _one_page(found: Select[Any]) -> Select[Any]:
    return found.offset(_told("skip")).limit(_told("limit"))


def _told(name: str) -> BindParameter[int]:
    return bindparam(name, type_=Integer)


def _keys(shape: Shape, source: Source) -> Select[Any]:
    """The columns of the order, each under its own name."""
    return select(*_columns(shape, source)).select_from(source)


def _columns(shape: Shape, source: Source) -> list[ColumnElement[Any]]:
    names = dict.fromkeys((SORT_COLUMNS[shape.sort], "customer_id"))
    return [source.c[name] for name in names]


def _order(shape: Shape, going: Going, source: Source) -> list[ColumnElement[Any]]:
    down = shape.descending != going.backwards
    return [column.desc() if down else column.asc() for column in _columns(shape, source)]


def _after(shape: Shape, going: Going, source: Source) -> list[ColumnElement[bool]]:
    if not going.positioned:
        return []
    columns = _columns(shape, source)
    told: list[BindParameter[str]] = [bindparam(f"after_{number}", type_=Text) for number in range(len(columns))]
    there = tuple_(*(cast(value, column.type) for value, column in zip(told, columns, strict=True)))
    return [tuple_(*columns) < there if shape.descending != going.backwards else tuple_(*columns) > there]


def _shown(keys: Select[Any], shape: Shape, going: Going) -> Select[Any]:
    """What the customers of some keys show, each looked up by its id."""
    found = keys.subquery("found")
    one = and_(ONE, customers.c.customer_id == found.c.customer_id)
    shown = select(SHOWN).select_from(customers).where(one).limit(1).lateral("one")
    columns = _columns(shape, found)
    position = [cast(column, Text).label(f"key_{number}") for number, column in enumerate(columns)]
    selected: list[Any] = [*position, text("one.*")]
    joined = found.join(shown, text("true"))
    return select(*selected).select_from(joined).order_by(*_order(shape, going, found))


def _run(tx: Transaction, question: Question, statement: Select[Any], values: Values) -> list[dict[str, Any]]:
    try:
        return tx.run(statement, values)
    except QueryCanceled as error:
        asked = question.conditions()
        narrower = f"Narrow one of: {', '.join(asked)}" if asked else "Add a condition to the filter"
        raise StatementTimeout(
            f"The list took longer than {LONGEST_MS} ms. {narrower}; or sort by create time.",
            metadata={"filters": ", ".join(asked), "sort": question.sort},
            cause=str(error),
        ) from error


def _listed(row: dict[str, Any]) -> Listed:
    position = [row[name] for name in ("key_0", "key_1") if name in row]
    text_shown = row["shown"].encode()
    shown = json.loads(text_shown)
    weight = len(text_shown) + beyond_text(shown)
    return Listed(position, shown, weight, row["total_conversations"], row["last_interaction"] or "")

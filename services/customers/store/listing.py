"""Lists of customers by keyset: how many there are, and the way by which a page is read.

PostgreSQL chooses the index of a condition well and the way to the first rows of an order badly: it takes what
conditions hold for to be spread evenly over the order. So the count, which comes first, decides:

- few: all of them are found by their conditions and then put in order;
- many: the order's index is walked until the page is full, so many rows at most and then more, and what is not full
  by then has conditions that go against the order: all are found and put in order after all, within the time-out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, literal, not_, select, text, tuple_, union

from services.customers.domain.fields import Json
from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.listing import COUNTED, Question
from services.customers.store import list_conditions as where
from services.customers.store.list_conditions import Source
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
    view || jsonb_build_object('customer_id', customer_id, 'etag', etag, 'revision', revision) AS shown,
    total_conversations, nullif(last_interaction_time, '-infinity')::text AS last_interaction""")
ONE = text("(SELECT app_company()) = company_id")


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer of a page: its place in the order, what it shows, and the figures of its conversations.

    The last interaction is in ISO 8601, empty where there is none.
    """

    position: list[str]
    shown: dict[str, Json]
    total_conversations: int
    last_interaction: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after a position in the order, or, going back, before it; `skip` more are passed over."""

    position: Sequence[str] = ()
    backwards: bool = False
    skip: int = 0


def page(tx: Transaction, question: Question, place: Place, limit: int, counted: int) -> list[Listed]:
    """The customers from a place on, in order; going back the last is the nearest. `counted` is how many there are.

    Raises StatementTimeout where the filter is too wide for its order.
    """
    rows: list[dict[str, Any]] = []
    for way in _ways(question, place, limit, counted):
        rows = _run(tx, question, _shown(way, question, place))
        if len(rows) >= limit:
            break
    found = [_listed(row) for row in rows]
    return found[::-1] if place.backwards else found


def count(tx: Transaction, question: Question, *, exactly: bool) -> tuple[int, bool]:
    """How many customers there are, and whether that is an estimate: above COUNTED the planner's."""
    matching = _matching(question)
    counted = matching if exactly else _matching(question, bounded=True).limit(COUNTED + 1)
    if question.conditions() == ["text"] and not exactly:
        counted = _beginning(question).limit(COUNTED + 1)
    number = int(_run(tx, question, select(func.count().label("n")).select_from(counted.subquery()))[0]["n"])
    if exactly or number <= COUNTED:
        return number, False
    return max(number, _estimated(tx, _matching(question, weighed=True))), True


def limit_work(tx: Transaction) -> None:
    """Each further statement of the transaction ends after LONGEST_MS, and has one process."""
    tx.execute(LIMITS)


def _matching(question: Question, *, bounded: bool = False, weighed: bool = False) -> Select[Any]:
    """One row for each customer that the conditions hold for; from labels alone where they and facets say all."""
    if where.label_sets(question) and set(question.conditions()) <= where.OF_LABELS:
        return where.labels_alone(question, bounded=bounded)
    conditions = [where.scope(question, customers), *where.row_conditions(question, customers, weighed=weighed)]
    return select(literal(1)).select_from(customers).where(*conditions, *where.label_joins(question, customers))


def _beginning(question: Question) -> Select[Any]:
    """One row for each customer that begins with the text, up to COUNTED of each field, from their indexes alone."""
    parts = [
        select(customers.c.customer_id).where(where.scope(question, customers), begin).limit(COUNTED + 1).subquery()
        for begin in where.beginnings(question.text, customers)
    ]
    return select(union(*(select(part.c.customer_id) for part in parts)).subquery().c.customer_id)


def _estimated(tx: Transaction, statement: Select[Any]) -> int:
    sql, parameters = core_sql(statement)
    plan = tx.value(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    return int(plan[0]["Plan"]["Plan Rows"])


def _ways(question: Question, place: Place, limit: int, counted: int) -> Iterator[Select[Any]]:
    """Statements that give the keys of a page, the cheapest first; the last one gives all that there are."""
    narrow = question.facets() or question.conditions() not in ([], ["states"])
    if not narrow and set(question.states) == set(LIVE_STATES):
        yield _walk(question, place, limit, None)
        return
    if counted > COUNTED and question.text and question.sort == "NAME":
        yield _merged_beginnings(question, place, limit)
        return
    for most in WALKS if counted > GATHERED else WALKS[:1] if counted > FEW else ():
        yield _walk(question, place, limit, max(most, 2 * (place.skip + limit)))
    yield _gathered(question, place, limit)


def _walk(question: Question, place: Place, limit: int, most: int | None) -> Select[Any]:
    """The order's index from the place on, `most` rows of it, and of these the ones that the conditions hold for."""
    kept = [column for column in customers.c if column.name not in {"view", "etag", "revision"}]
    start = select(*kept).where(where.scope(question, customers), *_after(question, place, customers))
    if question.created_by and question.sort == "CREATE_TIME":  # there is an index of just this order
        start = start.where(customers.c.created_by == question.created_by)
    walked = start.order_by(*_order(question, place, customers)).limit(most).subquery("walked")
    checks = [*where.row_conditions(question, walked), *where.label_checks(question, walked)]
    found = _keys(question, walked).where(*checks).order_by(*_order(question, place, walked))
    return found.offset(place.skip).limit(limit)


def _gathered(question: Question, place: Place, limit: int) -> Select[Any]:
    """All that the conditions hold for, by whatever index serves them best, and then in order."""
    conditions = [where.scope(question, customers), *where.row_conditions(question, customers)]
    conditions += [*where.label_joins(question, customers), *_after(question, place, customers)]
    # OFFSET keeps the order out: it would tempt the planner to walk its index.
    gathered = _keys(question, customers).where(*conditions).offset(0).subquery("gathered")
    found = select(*gathered.c).order_by(*_order(question, place, gathered))
    return found.offset(place.skip).limit(limit)


def _merged_beginnings(question: Question, place: Place, limit: int) -> Select[Any]:
    """By name, of very many that begin with a text: names are a stretch of their index, only the others are sorted."""
    first, *others = where.beginnings(question.text, customers)
    plain = replace(question, text="")
    checks = [where.scope(question, customers), *where.row_conditions(plain, customers)]
    checks += [*where.label_joins(question, customers), *_after(question, place, customers)]

    def part(*conditions: ColumnElement[bool], fence: bool = True) -> Select[Any]:
        # But for the names themselves an index of their order would be walked past all others: OFFSET keeps it out.
        keys = _keys(question, customers).where(*checks, *conditions)
        found: Source = keys.offset(0).subquery() if fence else keys.subquery()
        some = select(*found.c).order_by(*_order(question, place, found)).limit(place.skip + limit).subquery()
        return select(*some.c)

    merged = union(part(first, fence=False), *(part(other, not_(first)) for other in others)).subquery("merged")
    found = select(*merged.c).order_by(*_order(question, place, merged))
    return found.offset(place.skip).limit(limit)


def _keys(question: Question, source: Source) -> Select[Any]:
    """The columns of the order, each under its own name."""
    return select(*_columns(question, source)).select_from(source)


def _columns(question: Question, source: Source) -> list[ColumnElement[Any]]:
    names = dict.fromkeys((SORT_COLUMNS[question.sort], "customer_id"))
    return [source.c[name] for name in names]


def _order(question: Question, place: Place, source: Source) -> list[ColumnElement[Any]]:
    down = question.descending != place.backwards
    return [column.desc() if down else column.asc() for column in _columns(question, source)]


def _after(question: Question, place: Place, source: Source) -> list[ColumnElement[bool]]:
    if not place.position:
        return []
    columns = _columns(question, source)
    there = tuple_(
        *(cast(literal(value, Text), column.type) for value, column in zip(place.position, columns, strict=True))
    )
    return [tuple_(*columns) < there if question.descending != place.backwards else tuple_(*columns) > there]


def _shown(keys: Select[Any], question: Question, place: Place) -> Select[Any]:
    """What the customers of some keys show, each looked up by its id."""
    found = keys.subquery("found")
    one = and_(ONE, customers.c.customer_id == found.c.customer_id)
    shown = select(SHOWN).select_from(customers).where(one).limit(1).lateral("one")
    columns = _columns(question, found)
    position = [cast(column, Text).label(f"key_{number}") for number, column in enumerate(columns)]
    selected: list[Any] = [*position, text("one.*")]
    joined = found.join(shown, text("true"))
    return select(*selected).select_from(joined).order_by(*_order(question, place, found))


def _run(tx: Transaction, question: Question, statement: Select[Any]) -> list[dict[str, Any]]:
    try:
        return tx.run(statement)
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
    return Listed(position, row["shown"], row["total_conversations"], row["last_interaction"] or "")

"""The conditions of a list as SQL: on rows of customers, and on their labels."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import Subquery

from services.customers.domain.facets import stretches
from services.customers.domain.listing import COUNTED
from services.customers.store.list_shape import BOUNDS, Shape
from services.customers.store.tables import customer_labels, customers

OF_FACETS = {
    "lifecycle_stages", "sources", "customer_types", "party_types", "has_email", "has_phone", "has_address",
}  # fmt: skip
"""Conditions that facets answer."""
OF_LABELS = OF_FACETS | {"states", "tags_any", "tags_all", "external_system"}
"""Conditions that labels and the facets beside them answer."""
OF_BEGINNINGS = OF_FACETS | {"states", "text"}
"""Conditions that the indexes of beginnings and the facets beside them answer."""
BY_FACETS = OF_LABELS | {"created_from", "created_before"}
"""Conditions for which the index of facets is the best one, whatever their values."""

Source = Any
"""`customers`, or a subquery with its columns."""

COMPANY = select(func.app_company()).scalar_subquery()


def scope(shape: Shape, source: Source) -> ColumnElement[bool]:
    """The company and the states. As constants, never parameters: by them the planner knows partial indexes."""
    states: BindParameter[Any] = bindparam("states", shape.states, expanding=True, literal_execute=True)
    return and_(source.c.company_id == COMPANY, source.c.state.in_(states))


def row_conditions(shape: Shape, source: Source, *, weighed: bool = False) -> list[ColumnElement[bool]]:
    """The conditions on columns, company, states and labels aside; `weighed` where the planner guesses their rows."""
    found = [*_choices(shape, source, weighed), *_consents(shape, source)]
    for name, start, end in BOUNDS:
        column = source.c[name]
        found += [column >= bindparam(start, type_=column.type)] if start in shape.asked else []
        found += [column < bindparam(end, type_=column.type)] if end in shape.asked else []
    if "created_by" in shape.asked:
        found.append(created_by(source))
    if "text" in shape.asked:
        found.append(or_(*beginnings(shape, source)))
    return found


def created_by(source: Source) -> ColumnElement[bool]:
    """A customer was created by the subject that is asked for."""
    column: ColumnElement[str] = source.c.created_by
    return column == bindparam("created_by", type_=column.type)


def _choices(shape: Shape, source: Source, weighed: bool) -> list[ColumnElement[bool]]:
    """The facets: read bit by bit from rows that are there already, else looked up as numbers.

    The planner weighs each number of an array, which takes longer than many a list: where there is nothing to weigh
    it does not see them.
    """
    row = source.c
    if isinstance(source, Subquery):
        return [
            row.facets.op(">>")(literal(shift, Integer)).op("&")(mask).in_(bindparam(f"bits_{shift}", expanding=True))
            for shift, mask in shape.bits
        ]
    if not shape.bits:
        return []
    hidden = not weighed and shape.asked <= BY_FACETS
    numbers = _numbers("facets")
    return [row.facets == func.any(cast(select(numbers).scalar_subquery(), ARRAY(BigInteger)) if hidden else numbers)]


def _consents(shape: Shape, source: Source) -> list[ColumnElement[bool]]:
    """The answers about contact, as numbers; of those who gave one there is an index."""
    if not shape.consents:
        return []
    column = source.c.consents
    said = [column != literal_column("0")] if shape.consents == "SAID" else []
    return [column == func.any(_numbers("consents")), *said]


def _numbers(name: str) -> ColumnElement[Any]:
    numbers: BindParameter[Any] = bindparam(name, type_=ARRAY(BigInteger))
    return cast(numbers, ARRAY(BigInteger))


def beginnings(shape: Shape, source: Source) -> list[ColumnElement[bool]]:
    """A folded name (either end first), an e-mail or a phone begins with the text: each condition has an index."""
    # The second condition of each is what an index over those that have one asks for.
    found = [
        and_(source.c[name].op("^@")(bindparam(f"begin_{name}", type_=source.c[name].type)), source.c[name] != _NOTHING)
        for name in shape.begun
    ]
    return found or [literal_column("false")]


def beginnings_say_all(shape: Shape) -> bool:
    """Whether a beginning is asked for, and with the facets beside it answers everything."""
    return "text" in shape.asked <= OF_BEGINNINGS


def begun_alone(shape: Shape, *, bounded: bool) -> Select[tuple[str]]:
    """The ids of those that begin with the text, from the indexes of what may begin so alone; `bounded`: of each index
    no more than decide that there are more than COUNTED."""
    checks = [scope(shape, customers), *_choices(shape, customers, weighed=True)]
    parts = [select(customers.c.customer_id).where(*checks, begin) for begin in beginnings(shape, customers)]
    some = [(part.limit(COUNTED + 1) if bounded else part).subquery() for part in parts]
    return select(union(*(select(part.c.customer_id) for part in some)).subquery().c.customer_id)


_NOTHING: ColumnElement[str] = literal_column("''")


def _labelled(shape: Shape, place: int) -> Select[tuple[str]]:
    """The ids of the customers that have one of some labels."""
    row = customer_labels.c
    labels: BindParameter[Any] = bindparam(f"labels_{place}", expanding=True)
    kind = shape.labels[place][0]
    return select(row.customer_id).where(row.company_id == COMPANY, row.kind == kind, row.label.in_(labels))


def _all_labelled(shape: Shape) -> list[Select[tuple[str]]]:
    return [_labelled(shape, place) for place in range(len(shape.labels))]


def labels_say_all(shape: Shape) -> bool:
    """Whether labels are asked for, and with the facets beside them answer everything."""
    return bool(shape.labels) and shape.asked <= OF_LABELS


def labels_alone(shape: Shape, *, bounded: bool) -> Select[tuple[str]]:
    """The ids of those that the labels and the facets of a question hold for, from the labels' index alone."""
    row, standing = customer_labels.c, _standing(shape)
    first, *others = [labelled.where(standing) for labelled in _all_labelled(shape)]
    for other in others:
        # With the facets, which are equal for one customer, both sides come in the order of the index.
        both = other.with_only_columns(row.facets, row.customer_id).subquery().select()
        first = first.where(tuple_(row.facets, row.customer_id).in_(both))
    several = shape.labels[0][1]
    if not several:
        return first
    first = first.limit(bindparam("labelled", type_=Integer)) if bounded else first
    return select(first.subquery().c.customer_id).distinct()


def _standing(shape: Shape) -> ColumnElement[bool]:
    """The facets of a label hold for the choices and the states."""
    facets = customer_labels.c.facets
    if shape.bits:
        return facets == func.any(_numbers("facets"))
    return or_(*(and_(facets >= start, facets < end) for start, end in stretches(shape.states)))


def label_joins(shape: Shape, source: Source) -> list[ColumnElement[bool]]:
    """The conditions on labels, for the planner to begin with whatever is rarest."""
    if labels_say_all(shape):
        return [source.c.customer_id.in_(labels_alone(shape, bounded=False))]
    return [source.c.customer_id.in_(labelled) for labelled in _all_labelled(shape)]


def label_checks(shape: Shape, source: Subquery) -> list[ColumnElement[bool]]:
    """The conditions on labels, looked up for one customer at a time: a scalar value is never made a join."""
    row = customer_labels.c
    return [
        labelled.with_only_columns(literal_column("true"))
        .where(row.facets == source.c.facets, row.customer_id == source.c.customer_id)
        .limit(1)
        .correlate(source)
        .scalar_subquery()
        for labelled in _all_labelled(shape)
    ]

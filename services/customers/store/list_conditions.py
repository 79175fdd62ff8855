"""The conditions of a list as SQL: on rows of customers, and on their labels."""

from __future__ import annotations

from collections.abc import Sequence
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
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import Subquery

from services.customers.domain.facets import stretches
from services.customers.domain.listing import COUNTED, Question
from services.customers.domain.search_text import email_text
from services.customers.store.tables import customer_labels
from services.identity.names import name_sort
from services.identity.text import fold

OF_LABELS = {
    "states", "tags_any", "tags_all", "external_system", "lifecycle_stages", "sources", "customer_types", "party_types",
    "has_email", "has_phone", "has_address",
}  # fmt: skip
"""Conditions that labels and the facets beside them answer."""
BY_FACETS = OF_LABELS | {"created_from", "created_before"}
"""Conditions for which the index of facets is the best one, whatever their values."""

Source = Any
"""`customers`, or a subquery with its columns."""

COMPANY = select(func.app_company()).scalar_subquery()


def scope(question: Question, source: Source) -> ColumnElement[bool]:
    """The company and the states. As constants, never parameters: by them the planner knows partial indexes."""
    states: BindParameter[Any] = bindparam("states", question.states, expanding=True, literal_execute=True)
    return and_(source.c.company_id == COMPANY, source.c.state.in_(states))


def row_conditions(question: Question, source: Source, *, weighed: bool = False) -> list[ColumnElement[bool]]:
    """The conditions on columns, company, states and labels aside; `weighed` where the planner guesses their rows."""
    row, found = source.c, _choices(question, source, weighed)
    for column, start, end in (
        (row.created_at, question.created_from, question.created_before),
        (row.updated_at, question.updated_from, question.updated_before),
        (row.last_interaction_time, question.last_interaction_from, question.last_interaction_before),
    ):
        found += [column >= start] if start else []
        found += [column < end] if end else []
    if question.created_by:
        found.append(row.created_by == question.created_by)
    if question.text:
        found.append(or_(*beginnings(question.text, source)))
    return found


def _choices(question: Question, source: Source, weighed: bool) -> list[ColumnElement[bool]]:
    """The facets: read bit by bit from rows that are there already, else looked up as numbers.

    The planner weighs each number of an array, which takes longer than many a list: where there is nothing to weigh
    it does not see them.
    """
    row = source.c
    if isinstance(source, Subquery):
        return [
            row.facets.op(">>")(literal(shift, Integer)).op("&")(mask).in_(values)
            for shift, mask, values in question.facet_bits()
        ]
    facets = cast(literal(question.facets()), ARRAY(BigInteger))
    if not question.facets():
        return []
    hidden = not weighed and set(question.conditions()) <= BY_FACETS
    return [row.facets == func.any(cast(select(facets).scalar_subquery(), ARRAY(BigInteger)) if hidden else facets)]


def beginnings(wanted: str, source: Source) -> list[ColumnElement[bool]]:
    """A folded name (either end first), an e-mail or a phone begins with the text: each condition has an index.

    Of a text without letters the digits count, as those of a phone.
    """
    row = source.c
    digits = "".join(character for character in wanted if character.isdecimal() or character == "+")
    dialled = digits if digits.strip("+") and not any(character.isalpha() for character in wanted) else ""
    national = "" if "+" in dialled else dialled.lstrip("0")
    tried = (
        (row.name_sort, name_sort(wanted)),
        (row.family_sort, name_sort(wanted)),
        (row.email_sort, email_text(wanted)),
        (row.phone_sort, dialled),
        (row.phone_national, national),
    )
    # The second condition of each is what an index over those that have one asks for.
    found = [and_(column.op("^@")(begin), column != literal_column("''")) for column, begin in tried if begin]
    return found or [literal_column("false")]


LabelSet = tuple[str, Sequence[str]]
"""A kind, and the labels of it of which a customer must have one."""


def label_sets(question: Question) -> list[LabelSet]:
    """The conditions on labels."""
    found: list[LabelSet] = [("TAG", [fold(tag)]) for tag in question.tags_all]
    found += [("TAG", sorted({fold(tag) for tag in question.tags_any}))] if question.tags_any else []
    found += [("SYSTEM", [question.external_system])] if question.external_system else []
    return found


def labelled(wanted: LabelSet) -> Select[tuple[str]]:
    """The ids of the customers that have one of some labels."""
    row, (kind, labels) = customer_labels.c, wanted
    return select(row.customer_id).where(row.company_id == COMPANY, row.kind == kind, row.label.in_(labels))


def labels_alone(question: Question, *, bounded: bool) -> Select[tuple[str]]:
    """The ids of those that the labels and the facets of a question hold for, from the labels' index alone."""
    row, standing = customer_labels.c, _standing(question)
    sets = label_sets(question)
    first, *others = [labelled(wanted).where(standing) for wanted in sets]
    for other in others:
        # With the facets, which are equal for one customer, both sides come in the order of the index.
        both = other.with_only_columns(row.facets, row.customer_id).subquery().select()
        first = first.where(tuple_(row.facets, row.customer_id).in_(both))
    several = len(sets[0][1])
    if several == 1:
        return first
    # Who has several of them comes several times: so many rows hold more than COUNTED customers, or are all there are.
    first = first.limit((COUNTED + 1) * several) if bounded else first
    return select(first.subquery().c.customer_id).distinct()


def _standing(question: Question) -> ColumnElement[bool]:
    """The facets of a label hold for the choices and the states."""
    facets = customer_labels.c.facets
    if question.facets():
        return facets == func.any(cast(literal(question.facets()), ARRAY(BigInteger)))
    return or_(*(and_(facets >= start, facets < end) for start, end in stretches(question.states)))


def label_joins(question: Question, source: Source) -> list[ColumnElement[bool]]:
    """The conditions on labels, for the planner to begin with whatever is rarest."""
    if label_sets(question) and set(question.conditions()) <= OF_LABELS:
        return [source.c.customer_id.in_(labels_alone(question, bounded=False))]
    return [source.c.customer_id.in_(labelled(wanted)) for wanted in label_sets(question)]


def label_checks(question: Question, source: Subquery) -> list[ColumnElement[bool]]:
    """The conditions on labels, looked up for one customer at a time: a scalar value is never made a join."""
    row = customer_labels.c
    return [
        labelled(wanted)
        .with_only_columns(literal_column("true"))
        .where(row.facets == source.c.facets, row.customer_id == source.c.customer_id)
        .limit(1)
        .correlate(source)
        .scalar_subquery()
        for wanted in label_sets(question)
    ]

"""The conditions of a list as SQL: on rows of customers, and on their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import Subquery

from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.listing import Question
from services.customers.domain.search_text import email_text, label_kinds
from services.customers.store.tables import customer_labels, customers
from services.identity.names import name_sort
from services.identity.text import fold

Source = Any
"""`customers`, or a subquery with its columns."""

COMPANY = select(func.app_company()).scalar_subquery()


def scope(question: Question, source: Source) -> ColumnElement[bool]:
    """The company and the states. As constants, never parameters: by them the planner knows partial indexes."""
    states = bindparam("states", question.states, expanding=True, literal_execute=True)
    return and_(source.c.company_id == COMPANY, source.c.state.in_(states))


def row_conditions(question: Question, source: Source) -> list[ColumnElement[bool]]:
    """The conditions on the columns of a customer, company, states and labels aside."""
    row, found = source.c, []
    if facets := question.facets():
        found.append(row.facets == func.any(cast(literal(facets), ARRAY(BigInteger))))
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


def label_sets(question: Question) -> list[tuple[Sequence[str], Sequence[str]]]:
    """For each condition on labels the kinds and the labels of which a customer must have one."""
    kinds = [label_kinds(live) for live in sorted({state in LIVE_STATES for state in question.states})]
    tags, systems = ([pair[place] for pair in kinds] for place in (0, 1))
    found: list[tuple[Sequence[str], Sequence[str]]] = [(tags, [fold(tag)]) for tag in question.tags_all]
    found += [(tags, sorted({fold(tag) for tag in question.tags_any}))] if question.tags_any else []
    found += [(systems, [question.external_system])] if question.external_system else []
    return found


def labelled(kinds: Sequence[str], labels: Sequence[str]) -> Select[tuple[str]]:
    """The ids of the customers that have one of some labels."""
    row = customer_labels.c
    return select(row.customer_id).where(row.company_id == COMPANY, row.kind.in_(kinds), row.label.in_(labels))


def label_joins(question: Question, source: Source) -> list[ColumnElement[bool]]:
    """The conditions on labels, for the planner to begin with whatever is rarest."""
    return [source.c.customer_id.in_(labelled(*wanted)) for wanted in label_sets(question)]


def label_checks(question: Question, source: Subquery) -> list[ColumnElement[bool]]:
    """The conditions on labels, looked up for one customer at a time: a scalar value is never made a join."""
    row = customer_labels.c
    return [
        labelled(*wanted).with_only_columns(literal_column("true")).where(row.customer_id == source.c.customer_id)
        .limit(1).correlate(source).scalar_subquery()
        for wanted in label_sets(question)
    ]  # fmt: skip


__all__ = ["beginnings", "exists", "label_checks", "label_joins", "label_sets", "labelled", "row_conditions", "scope"]

"""What of a question makes its SQL another text, and the values that are told beside the text.

Statements are composed once for each shape and kept: to compose one takes SQLAlchemy as long as many a list takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.customers.domain.listing import COUNTED, Question
from services.customers.domain.search_text import email_text
from services.identity.names import name_sort
from services.identity.text import fold

SHAPES = 256
"""How many composed statements of a kind are kept."""

BOUNDS = (
    ("created_at", "created_from", "created_before"),
    ("updated_at", "updated_from", "updated_before"),
    ("last_interaction_time", "last_interaction_from", "last_interaction_before"),
)
"""A column, with the conditions that are its start and its end."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A question without its values.

    `asked` are its conditions by name, `begun` the columns that may begin with its text, `bits` where those of each
    facet are, `labels` the kind of each condition on labels and whether any of several will do, `consents` whether
    answers about contact are asked for: "" not, "SAID" of those who gave one, "ANY" also of those who gave none.
    """

    states: tuple[str, ...]
    asked: frozenset[str]
    begun: tuple[str, ...]
    bits: tuple[tuple[int, int], ...]
    labels: tuple[tuple[str, bool], ...]
    consents: str
    sort: str
    descending: bool


def shape_of(question: Question) -> Shape:
    """The shape of a question."""
    return Shape(
        states=question.states,
        asked=frozenset(question.conditions()),
        begun=tuple(beginnings(question.text)),
        bits=tuple((shift, mask) for shift, mask, _ in question.facet_bits()),
        labels=tuple((kind, len(labels) > 1) for kind, labels in label_sets(question)),
        consents=_consents(question),
        sort=question.sort,
        descending=question.descending,
    )


def values_of(question: Question) -> dict[str, Any]:
    """The values of a question by the names that statements of its shape have for them."""
    sets = label_sets(question)
    return {
        **{name: getattr(question, name) for _, *ends in BOUNDS for name in ends},
        "created_by": question.created_by,
        "facets": question.facets(),
        "consents": question.consent_numbers(),
        **{f"begin_{column}": begin for column, begin in beginnings(question.text).items()},
        **{f"bits_{shift}": values for shift, _, values in question.facet_bits()},
        **{f"labels_{place}": labels for place, (_, labels) in enumerate(sets)},
        # Who has several labels comes several times: so many rows hold more than COUNTED customers, or all there are.
        "labelled": (COUNTED + 1) * len(sets[0][1]) if sets else 0,
    }


def _consents(question: Question) -> str:
    numbers = question.consent_numbers()
    return "" if numbers is None else "ANY" if 0 in numbers else "SAID"


def beginnings(wanted: str) -> Mapping[str, str]:
    """What columns begin with where a text is asked for, the folded name first.

    Of a text without letters the digits count, as those of a phone.
    """
    digits = "".join(character for character in wanted if character.isdecimal() or character == "+")
    dialled = digits if digits.strip("+") and not any(character.isalpha() for character in wanted) else ""
    tried = {
        "name_sort": name_sort(wanted),
        "family_sort": name_sort(wanted),
        "email_sort": email_text(wanted),
        "phone_sort": dialled,
        "phone_national": "" if "+" in dialled else dialled.lstrip("0"),
    }
    return {column: begin for column, begin in tried.items() if begin}


def label_sets(question: Question) -> list[tuple[str, Sequence[str]]]:
    """The conditions on labels: a kind, and the labels of it of which a customer must have one."""
    found: list[tuple[str, Sequence[str]]] = [("TAG", [fold(tag)]) for tag in question.tags_all]
    found += [("TAG", sorted({fold(tag) for tag in question.tags_any}))] if question.tags_any else []
    found += [("SYSTEM", [question.external_system])] if question.external_system else []
    return found

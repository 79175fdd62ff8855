"""The fields of a customer record, declared as data: what they hold and which of them survive a merge together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of the same."""

Fields = dict[str, Json]
"""The fields of a record by name; a field that is not known is not in it."""


@dataclass(frozen=True, slots=True)
class TextField:
    """A field of plain text and the most characters that it takes."""

    name: str
    longest: int


TEXT_FIELDS: Sequence[TextField] = (
    TextField("name", 255),
    TextField("given_name", 255),
    TextField("middle_name", 255),
    TextField("family_name", 255),
    TextField("title", 64),
    TextField("suffix", 64),
    TextField("organization", 255),
    TextField("birth_date_text", 64),
    TextField("source_campaign", 255),
)

CHOICE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "party_type": ("PERSON", "ORGANIZATION"),
    "customer_type": ("WALK_IN", "REGULAR", "VIP", "WHOLESALE"),
    "lifecycle_stage": ("PROSPECT", "LEAD", "CUSTOMER", "CHURNED"),
    "source": ("API", "CHAT", "MANUAL", "IMPORT"),
}
"""Fields with a fixed set of values; the first one is the default."""

CONTACT_KINDS: Mapping[str, tuple[str, int]] = {
    "EMAIL": ("email", 320),
    "PHONE": ("phone", 64),
    "ADDRESS": ("address", 500),
}
"""Kinds of contact points: their short form on the record and the most characters of a value."""

NAME_PARTS = ("title", "given_name", "middle_name", "family_name", "suffix")


@dataclass(frozen=True, slots=True)
class Unit:
    """Fields that belong together: an edit times them and a merge keeps or replaces them as one."""

    name: str
    fields: tuple[str, ...]


CONSENTS: Mapping[str, bool] = {
    "do_not_contact": True,
    "can_receive_offers": False,
    "can_receive_loyalty": False,
    "prefer_sms": False,
    "prefer_email": False,
    "prefer_call": False,
}
"""What a customer is asked about being contacted, with the answer that restricts it. In a merge the most restrictive
answer survives, whatever rules and choices say."""

SURVIVING: Sequence[Unit] = (
    Unit("name", ("name", *NAME_PARTS)),
    Unit("organization", ("organization",)),
    Unit("party_type", ("party_type",)),
    Unit("customer_type", ("customer_type",)),
    Unit("birth_date", ("birth_date", "birth_date_text")),
    Unit("lifecycle_stage", ("lifecycle_stage", "lifecycle_stage_at")),
    Unit("source", ("source",)),
    Unit("source_campaign", ("source_campaign",)),
    Unit("metadata", ("metadata",)),
    Unit("preferred_payment", ("preferred_payment",)),
    Unit("best_contact_time", ("best_contact_time",)),
)
"""Units of which one value survives a merge, by rule or choice."""
UNITS: Sequence[Unit] = (*SURVIVING, *(Unit(name, (name,)) for name in CONSENTS))
UNIT_OF_FIELD: Mapping[str, Unit] = {field: unit for unit in SURVIVING for field in unit.fields}

PLAIN_SETS = ("external_ids", "identifiers", "tags", "favorite_products")
SET_FIELDS = ("contact_points", *PLAIN_SETS)
"""Fields that hold many values and unite in a merge."""


def item_key(field: str, item: Json) -> tuple[str, ...]:
    """What makes an item of a set field the same as another one."""
    if field == "contact_points":
        return (item["kind"], item.get("normalized_value") or item["value"])
    if field == "external_ids":
        return (item["system"], item["external_id"])
    return (item,)


def is_empty(unit: Unit, fields: Mapping[str, Json]) -> bool:
    """Whether none of the unit's fields is known."""
    return not any(fields.get(name) for name in unit.fields)


def weight(shown: Json) -> int:
    """About how many bytes what is shown takes in a message, and no fewer."""
    return len(str(shown).encode()) + beyond_text(shown)


def beyond_text(shown: Json) -> int:
    """How many bytes more than its text what is shown takes in a message: a Struct has eight for a number's digits."""
    metadata = shown.get("metadata") if isinstance(shown, dict) else None
    return _beyond_text(metadata) if metadata else 0


def _beyond_text(value: Json) -> int:
    if isinstance(value, dict | list):
        return 4 + sum(map(_beyond_text, value.values() if isinstance(value, dict) else value))
    return 8 if isinstance(value, int | float) and not isinstance(value, bool) else 0

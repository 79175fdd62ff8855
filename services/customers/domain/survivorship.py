"""Survivorship: which rules a field takes, and the rules of a merge as resolved from what was asked and what holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.customers.domain.fields import CONSENTS, CONTACT_KINDS, SET_FIELDS, SURVIVING, UNIT_OF_FIELD
from services.customers.domain.forest import DEFAULT_RULE, RULES, SOURCE_PRIORITY

UNION, VERIFIED_FIRST, MOST_RESTRICTIVE = "UNION", "VERIFIED_FIRST", "MOST_RESTRICTIVE"
PRIMARIES = tuple(short for short, _ in CONTACT_KINDS.values())
"""The fields that stand for the primary contact point of a kind."""

RULES_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(UNIT_OF_FIELD, RULES),
    "metadata": (*RULES, UNION),
    **dict.fromkeys(PRIMARIES, (*RULES, VERIFIED_FIRST)),
    **dict.fromkeys(SET_FIELDS, (UNION,)),
    "contact_points": (UNION, *RULES, VERIFIED_FIRST),
    **dict.fromkeys(CONSENTS, (MOST_RESTRICTIVE,)),
}
"""The rules that each field takes. Sets always unite and consent is always the most restrictive; a rule of all contact
points says which of each kind is the primary one."""

SINGLE: Sequence[str] = (*(unit.name for unit in SURVIVING), *PRIMARIES)
"""What one value survives of: units, and the primary contact points."""


@dataclass(frozen=True, slots=True)
class Survivorship:
    """The rules that hold where a merge asks for no others: by field, one for the rest, and an order of sources."""

    rules: Mapping[str, str] = field(default_factory=dict)
    default_rule: str = DEFAULT_RULE
    priority: tuple[str, ...] = SOURCE_PRIORITY


SHIPPED = Survivorship()


def resolved(asked: Mapping[str, str], holding: Survivorship) -> dict[str, str]:
    """The rule of each unit and primary contact point that does not follow the shipped default.

    A rule that was asked for counts first, then one that holds for the field, then the default of those that hold.
    """
    rules = {**dict.fromkeys(SINGLE, holding.default_rule), **_each(holding.rules), **_each(asked)}
    return {name: rule for name, rule in rules.items() if name in SINGLE and rule != DEFAULT_RULE}


def _each(rules: Mapping[str, str]) -> dict[str, str]:
    """Rules by unit and primary contact point; that of all contact points is the rule of each kind without one."""
    every = rules.get("contact_points", UNION)
    spread = {} if every == UNION else dict.fromkeys(PRIMARIES, every)
    return {**spread, **{_unit(name): rule for name, rule in rules.items() if name != "contact_points"}}


def _unit(name: str) -> str:
    return UNIT_OF_FIELD[name].name if name in UNIT_OF_FIELD else name

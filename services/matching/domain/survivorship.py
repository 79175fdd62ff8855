"""Survivorship owns which value of a field a company wants to see after a merge, as its policy says.

Customers follows the rules; a contract test holds the fields and rules here equal to those that it takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DEFAULT_RULE = "TARGET_WINS"
RULES: Sequence[str] = (
    DEFAULT_RULE,
    "SOURCE_WINS",
    "MOST_RECENT",
    "OLDEST",
    "MOST_COMPLETE",
    "MOST_FREQUENT",
    "SOURCE_PRIORITY",
)
"""Of a field of one value."""

_OF_ONE_VALUE = (
    *("name", "given_name", "middle_name", "family_name", "title", "suffix", "organization", "party_type"),
    *("customer_type", "birth_date", "birth_date_text", "lifecycle_stage", "lifecycle_stage_at", "source"),
    *("source_campaign", "preferred_payment", "best_contact_time"),
)
_SETS = ("tags", "external_ids", "identifiers", "favorite_products")
_CONSENTS = (
    *("do_not_contact", "can_receive_offers", "can_receive_loyalty"),
    *("prefer_sms", "prefer_email", "prefer_call"),
)
RULES_OF: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(_OF_ONE_VALUE, RULES),
    "metadata": (*RULES, "UNION"),
    **dict.fromkeys(("email", "phone", "address"), (*RULES, "VERIFIED_FIRST")),
    "contact_points": ("UNION", *RULES, "VERIFIED_FIRST"),
    **dict.fromkeys(_SETS, ("UNION",)),
    **dict.fromkeys(_CONSENTS, ("MOST_RESTRICTIVE",)),
}
"""The rules that each field takes."""

SOURCE_PRIORITY = ("MANUAL", "IMPORT", "API", "CHAT")


@dataclass(frozen=True, slots=True)
class Survivorship:
    """The rules of fields, the rule of the others, and the order in which sources of customers are trusted."""

    rules: Mapping[str, str] = field(default_factory=dict)
    default_rule: str = DEFAULT_RULE
    priority: tuple[str, ...] = SOURCE_PRIORITY


SHIPPED_SURVIVORSHIP = Survivorship()


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """What holds for a company now: the version of its policy, and its survivorship."""

    version: str
    survivorship: Survivorship

"""Whether a customer may be contacted by a channel for a purpose: rules, of which the first that holds decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.customers.domain.consent import Answer, restricts

CHANNELS: Mapping[str, str] = {"SMS": "prefer_sms", "EMAIL": "prefer_email", "CALL": "prefer_call", "POST": ""}
"""Channels, with the answer that chooses or refuses each."""
PURPOSES: Mapping[str, str] = {
    "OFFERS": "can_receive_offers",
    "LOYALTY": "can_receive_loyalty",
    "TRANSACTIONAL": "",
    "LEGAL_NOTICE": "",
}
"""Purposes, with the answer that agrees to or refuses each."""
PROMOTIONAL = ("OFFERS", "LOYALTY")
TO_BE_CHOSEN = ("EMAIL", "CALL")
"""Channels that count as refused for offers and loyalty until somebody chooses them."""
REACHED_BY: Mapping[str, str] = {"SMS": "PHONE", "EMAIL": "EMAIL", "CALL": "PHONE", "POST": "ADDRESS"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Of a customer's root its id, state, time of deletion, answers, and of which kinds it has contact points."""

    root_id: str
    state: str
    deleted_at: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()

    def refused(self, permission: str) -> bool:
        """Whether the answer to a permission, if there is one, restricts contact."""
        return permission in self.answers and restricts(permission, self.answers[permission])


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether, by which rule, since when and by what proof; times and proof are empty where there are none."""

    allowed: bool
    rule: str
    since: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of that name allows or denies where it holds; the answer that it looks at says since when."""

    name: str
    allows: bool
    holds: Callable[[Asked, str, str], bool]
    looks_at: Callable[[str, str], str] = lambda channel, purpose: ""


RULES: Sequence[Rule] = (
    Rule("CUSTOMER_DELETED", False, lambda asked, channel, purpose: asked.state in ("DELETED", "ERASED")),
    Rule("LEGAL_NOTICE", True, lambda asked, channel, purpose: purpose == "LEGAL_NOTICE"),
    Rule(
        "DO_NOT_CONTACT",
        False,
        lambda asked, channel, purpose: asked.refused("do_not_contact"),
        lambda channel, purpose: "do_not_contact",
    ),
    Rule(
        "CUSTOMER_INACTIVE",
        False,
        lambda asked, channel, purpose: asked.state == "INACTIVE" and purpose in PROMOTIONAL,
    ),
    Rule(
        "PURPOSE_REFUSED",
        False,
        lambda asked, channel, purpose: asked.refused(PURPOSES[purpose]),
        lambda channel, purpose: PURPOSES[purpose],
    ),
    Rule(
        "CHANNEL_REFUSED",
        False,
        lambda asked, channel, purpose: asked.refused(CHANNELS[channel]),
        lambda channel, purpose: CHANNELS[channel],
    ),
    Rule(
        "CHANNEL_NOT_CHOSEN",
        False,
        lambda asked, channel, purpose: (
            purpose in PROMOTIONAL and channel in TO_BE_CHOSEN and CHANNELS[channel] not in asked.answers
        ),
    ),
    Rule(
        "PURPOSE_AGREED",
        True,
        lambda asked, channel, purpose: PURPOSES[purpose] in asked.answers,
        lambda channel, purpose: PURPOSES[purpose],
    ),
    Rule(
        "CHANNEL_CHOSEN",
        True,
        lambda asked, channel, purpose: CHANNELS[channel] in asked.answers,
        lambda channel, purpose: CHANNELS[channel],
    ),
    Rule("NOTHING_SAID", True, lambda asked, channel, purpose: True),
)
UNKNOWN = Decision(False, "UNKNOWN_CUSTOMER")


def decide(asked: Asked, channel: str, purpose: str) -> Decision:
    """The decision for a customer that there is: that of the first rule that holds."""
    rule = next(rule for rule in RULES if rule.holds(asked, channel, purpose))
    given = asked.answers.get(rule.looks_at(channel, purpose))
    if given is not None:
        return Decision(rule.allows, rule.name, given["since"], given.get("proof", ""))
    return Decision(rule.allows, rule.name, asked.deleted_at if rule.name == "CUSTOMER_DELETED" else "")


def reachable(asked: Asked, channel: str) -> bool:
    """Whether there is a contact point for a channel."""
    return REACHED_BY[channel] in asked.kinds

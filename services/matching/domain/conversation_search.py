"""Conversation search owns what a decision about a conversation rests on: who shares a key, and how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.domain.evidence import Evidence

_NAMES = frozenset({"given", "family", "name_order", "middle", "suffix", "name", "email_name"})


@dataclass(frozen=True, slots=True)
class Holder:
    """A customer that shares a key with what was given, and how well all of it fits."""

    customer_id: str
    evidence: Evidence

    def has(self, key: str) -> bool:
        """Return whether it has the e-mail or the phone that was given."""
        return self.evidence.levels.get(key.lower()) == "exact"

    @property
    def named_otherwise(self) -> bool:
        """Return whether its name is another person's."""
        return "different" in (self.evidence.levels.get("given"), self.evidence.levels.get("name"))

    @property
    def more_than_a_name(self) -> bool:
        """Return whether anything but names speaks for it."""
        return bool(set(self.evidence.matched_fields) - _NAMES)


@dataclass(frozen=True, slots=True)
class Search:
    """Who shares a key, likeliest first; `crowded` are the keys that too many share; bounds are the policy's."""

    holders: Sequence[Holder]
    crowded: frozenset[str] = frozenset()
    accept: int = 90
    reject: int = 70
    some_apart: bool = False
    """Whether others share a key, and a person has said that the conversation is with none of them."""

    def of(self, customer_id: str) -> Holder | None:
        """Return a customer among them."""
        return next((one for one in self.holders if one.customer_id == customer_id), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stands before it is resolved; ids are of roots."""

    linked_to: str = ""
    live: bool = True
    """Whether the customer that it is linked to is in use."""

    by_resolver: bool = False
    """Whether the link is the one that was made here; any other is a person's, or of whoever recorded it."""

    created_id: str = ""
    """The customer that was created from this conversation before."""

    taken_from: frozenset[str] = frozenset()
    """The customers that it was linked to, here or by anybody, and that a person has taken it away from."""

    decided: str = ""
    """The customer that a person has decided it to be, by what is given now, and not moved it away from since."""

"""A question for a list of customers: conditions, order and direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from services.customers.domain import consent_filter
from services.customers.domain.facets import allowed, bits_of
from services.customers.domain.fields import Json
from services.customers.domain.keys import LIVE_STATES

SORTS = ("CREATE_TIME", "UPDATE_TIME", "NAME", "CUSTOMER_ID", "LAST_INTERACTION_TIME", "TOTAL_CONVERSATIONS")
TIME_SORTS = frozenset({"CREATE_TIME", "UPDATE_TIME", "LAST_INTERACTION_TIME"})
LONGEST_TEXT = 255
MOST_SKIPPED = 10_000
COUNTED = 10_000
MOST_TAGS = 20
HIDDEN_STATES = frozenset({"MERGED", "DELETED"})
"""States that a filter may name only with a scope of its own."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which customers, in which order. Spans include their start and leave out their end; None or () is no bound.

    `permitted` is a channel and a purpose for which they may be contacted.
    """

    text: str = ""
    states: tuple[str, ...] = LIVE_STATES
    lifecycle_stages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    customer_types: tuple[str, ...] = ()
    party_types: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    has_email: bool | None = None
    has_phone: bool | None = None
    has_address: bool | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    updated_from: datetime | None = None
    updated_before: datetime | None = None
    last_interaction_from: datetime | None = None
    last_interaction_before: datetime | None = None
    external_system: str = ""
    created_by: str = ""
    permitted: tuple[str, str] | None = None
    consents: consent_filter.Conditions = ()
    sort: str = "CREATE_TIME"
    descending: bool = False

    def __post_init__(self) -> None:
        """States of which nobody may be contacted are not looked at, unless there is no other."""
        if self.permitted:
            states = tuple(state for state in self.states if self._permitting(state))
            object.__setattr__(self, "states", states or self.states)

    def consent_numbers(self) -> list[int] | None:
        """The numbers of answers that the conditions allow, lowest first; None: they ask for none."""
        if self.permitted is None and not self.consents:
            return None
        found = consent_filter.answered(self.consents)
        if self.permitted:
            found &= self._permitting(self.states[0])
        return sorted(found)

    def _permitting(self, state: str) -> frozenset[int]:
        if self.permitted is None or state not in LIVE_STATES:
            return frozenset()
        return consent_filter.permitted(*self.permitted, state)

    def identity(self) -> Mapping[str, Json]:
        """What a page token is bound to."""
        return {"list": "customers", **asdict(self)}

    def facets(self) -> list[int]:
        """The numbers of facets that the conditions allow; empty: any, beside the states."""
        wanted = self._choices()
        return allowed({**wanted, "state": self.states}) if any(wanted.values()) else []

    def facet_bits(self) -> list[tuple[int, int, list[int]]]:
        """For each facet with a condition its first bit, the mask of its bits there, and the values allowed."""
        return [bits_of(name, values) for name, values in self._choices().items() if values]

    def _choices(self) -> dict[str, Sequence[str]]:
        return {
            "lifecycle_stage": self.lifecycle_stages,
            "source": self.sources,
            "customer_type": self.customer_types,
            "party_type": self.party_types,
            **{name: _presence(getattr(self, name)) for name in ("has_email", "has_phone", "has_address")},
        }

    def conditions(self) -> list[str]:
        """The conditions that are asked for, by their names in a filter, the order aside."""
        return [name for name, absent in _ABSENT.items() if getattr(self, name) != absent]


_ABSENT = {one.name: one.default for one in fields(Question) if one.name not in {"sort", "descending"}}


def _presence(wanted: bool | None) -> Sequence[str]:
    return () if wanted is None else ("YES",) if wanted else ("NO",)

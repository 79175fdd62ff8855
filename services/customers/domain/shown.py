"""What a member shows so far, as the fold goes on: its fields, when they were written, whose and how many say so."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.contact_points import primary
from services.customers.domain.fields import Fields, Json
from services.customers.domain.votes import KIND_OF, Votes, vote


@dataclass(slots=True)
class Shown:
    """What a member shows: fields, and for each unit and edited set when it was written.

    `origins` names the member that the value of a unit or of a primary contact point is from, where it is another one
    or was; empty: of several. `members` counts who is folded in, itself included; `votes` holds what they say of the
    fields that some edge counts; `claims` the primary contact points as the members had them that they are from.
    """

    customer_id: str
    fields: Fields
    times: dict[str, datetime]
    origins: dict[str, str] = dataclasses.field(default_factory=dict)
    members: int = 1
    votes: dict[str, Votes] = dataclasses.field(default_factory=dict)
    claims: dict[str, Json] = dataclasses.field(default_factory=dict)

    def copied(self) -> Shown:
        """The same, to go on with; lists and votes are never changed in place."""
        parts = (dict(self.fields), dict(self.times), dict(self.origins))
        return Shown(self.customer_id, *parts, self.members, dict(self.votes), dict(self.claims))

    def origin(self, name: str) -> str:
        """The member whose own value a unit or a primary contact point shows; empty: of several."""
        return self.origins.get(name, self.customer_id)

    def primary(self, kind: str) -> Json | None:
        """The primary contact point of a kind."""
        return primary(self.fields.get("contact_points", []), kind)

    def all_say(self, name: str) -> None:
        """All votes for what is shown: a record's for itself, or those of all members for what people decided."""
        point = self.primary(KIND_OF[name]) if name in KIND_OF else None
        time = None if name in KIND_OF else self.times.get(name)
        self.votes[name] = vote(name, self.fields, point, self.members, time, self.origin(name))

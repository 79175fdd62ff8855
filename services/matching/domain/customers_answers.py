"""Customers answers owns what the customers service says to a write that follows from a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass


class Gone(Exception):  # noqa: N818 - a name of what is true
    """The customer is not there, or deleted."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(customer_id)
        self.customer_id = customer_id


class Changed(Exception):  # noqa: N818 - a name of what is true
    """Somebody changed the thing after it was read."""


class Taken(Exception):  # noqa: N818 - a name of what is true
    """Other customers have the e-mail or the phone: pairs of customer and kind, EMAIL or PHONE."""

    def __init__(self, hits: Sequence[tuple[str, str]]) -> None:
        super().__init__(hits)
        self.hits = tuple(hits)


class Refused(Exception):  # noqa: N818 - a name of what is true
    """The write is refused, and sent again it would be."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text


class Full(Refused):
    """The customer itself holds as many contact points as it may; fewer may still find room."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A conversation that was linked, as it is after that."""

    customer_id: str
    revision: int
    link_time: str


LinkAnswer = Linked | Taken | None
"""What became of one of many links; None: it was refused, for what a look at it alone will tell."""

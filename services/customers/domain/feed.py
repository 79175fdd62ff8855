"""What the change feed sends: changes, and batches of them that hold whole transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.customers.domain.cursor import (
    CONVERSATIONS,
    CUSTOMERS,
    ENGAGEMENTS,
    Cursor,
    LogPosition,
    Position,
    SnapshotPosition,
)
from services.customers.domain.fields import Json


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a thing, such as a customer, with what it shows then; `xid` is 0 in a snapshot."""

    xid: int
    seq: int
    company_id: str
    subject: str
    kind: str
    revision: int
    payload: Mapping[str, Json]
    previous_stage: str = ""
    merge: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Changes, and the cursor after them. Without changes it is a checkpoint, or ends the pass over everything."""

    changes: Sequence[Change]
    cursor: Cursor
    is_checkpoint: bool = False
    snapshot_done: bool = False

    @property
    def horizon(self) -> int:
        """Every transaction below it was sent; 0 during the pass over everything."""
        position = self.cursor.position
        return position.xid if isinstance(position, LogPosition) else 0

    def halves(self) -> tuple[FeedBatch, FeedBatch]:
        """The batch in two, between two transactions if it has more than one, else within the one that it has."""
        cut = _cut(self.changes)
        before = self.cursor.at(_position_after(self.changes[cut - 1], self.cursor.position))
        return FeedBatch(self.changes[:cut], before), replace(self, changes=self.changes[cut:])


SUBJECT_OF = {
    "customer": (CUSTOMERS, "customer_id"),
    "conversation": (CONVERSATIONS, "conversation_id"),
    "engagement": (ENGAGEMENTS, "engagement_id"),
}
"""Of each kind of thing that a pass over everything sends by id: the subject of its positions, and where its id is."""


def after_last(position: SnapshotPosition, last: Change) -> SnapshotPosition:
    """The position in the pass over everything once a change was sent."""
    if last.subject == "company":
        return replace(position, company_id=last.company_id)
    subject, named = SUBJECT_OF[last.subject]
    return SnapshotPosition(position.horizon, subject, last.company_id, last.payload[named])


def _position_after(last: Change, end: Position) -> Position:
    if last.xid:
        return LogPosition(last.xid, last.seq)
    horizon = end.horizon if isinstance(end, SnapshotPosition) else end.xid
    return after_last(SnapshotPosition(horizon), last)


def _cut(changes: Sequence[Change]) -> int:
    middle = len(changes) // 2
    borders = [place for place in range(1, len(changes)) if changes[place - 1].xid != changes[place].xid]
    return min(borders, key=lambda place: abs(place - middle), default=middle)

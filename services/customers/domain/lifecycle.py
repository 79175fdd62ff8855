"""The stages of a customer's life with the company: moves between them, and the periods that they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.customers.domain.fields import CHOICE_FIELDS
from services.customers.domain.record import Actor

STAGES = CHOICE_FIELDS["lifecycle_stage"]


@dataclass(frozen=True, slots=True)
class Move:
    """A move from one stage to another; `cause` is CHANGED or MERGE."""

    number: int
    moved_at: datetime
    from_stage: str
    to_stage: str
    cause: str
    reason: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class Period:
    """A time in one stage; `left_at` is None for the current one, whose dwell is until now."""

    stage: str
    previous_stage: str
    entered_at: datetime
    left_at: datetime | None
    dwell: timedelta
    cause: str
    reason: str
    actor: Actor


def periods(moves: Sequence[Move], left_at: datetime | None, now: datetime) -> list[Period]:
    """The period that each move began, the last one first; `left_at` is when the first of them was left."""
    found = []
    for move in moves:
        found.append(_period(move, left_at, now))
        left_at = move.moved_at
    return found


def first_period(
    stage: str, created_at: datetime, created_by: Actor, left_at: datetime | None, now: datetime
) -> Period:
    """The period that the creation began."""
    return Period(stage, "", created_at, left_at, _dwell(created_at, left_at or now), "CREATED", "", created_by)


def _period(move: Move, left_at: datetime | None, now: datetime) -> Period:
    dwell = _dwell(move.moved_at, left_at or now)
    return Period(move.to_stage, move.from_stage, move.moved_at, left_at, dwell, move.cause, move.reason, move.actor)


def _dwell(entered_at: datetime, left_at: datetime) -> timedelta:
    return max(left_at - entered_at, timedelta())

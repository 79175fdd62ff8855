"""From when to when a customer was in a stage, worked out from the moves that are told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.analytics.domain.mirror import CustomerChange, Stage


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in a stage; without an end it goes on, and there is no next stage."""

    stage: Stage
    entered_at: datetime
    left_at: datetime | None = None
    next_stage: Stage | None = None


def stays_after(stays: Sequence[Stay], stage: Stage, entered_at: datetime) -> list[Stay]:
    """The stays, in the order of time, once a customer is in a stage since a time.

    What was told of a later time is taken back: it did not last, as where a restore went back to before it. A stage
    that is entered from itself goes on.
    """
    before = [stay for stay in stays if stay.entered_at < entered_at]
    if not before:
        return [Stay(stage, entered_at)]
    *done, last = before
    if last.stage is stage:
        return [*done, replace(last, left_at=None, next_stage=None)]
    return [*done, replace(last, left_at=entered_at, next_stage=stage), Stay(stage, entered_at)]


def stays_told(
    stays: Sequence[Stay], changes: Iterable[CustomerChange], shown: tuple[Stage, datetime] | None = None
) -> list[Stay]:
    """The stays of a customer after its changes, in their order; `shown`: its stage before them, and since when.

    A merge moves nobody to another stage, nor does a later change that still shows what the merge brought.
    """
    told = list(stays)
    for change in changes:
        shows = (change.stage, change.staged_at)
        if not told or (shows != shown and not change.by_merge):
            told = stays_after(told, *shows)
        shown = shows
    return told

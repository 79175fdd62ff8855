"""How often a record is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Views:
    """How often the members of a tree were looked at, when last, and whether that is recent."""

    count: int = 0
    last_at: datetime | None = None
    is_recent: bool = False


def views_of(count: int, last_at: datetime | None, now: datetime) -> Views:
    """The views as of now."""
    return Views(count, last_at, last_at is not None and now - last_at < RECENT)

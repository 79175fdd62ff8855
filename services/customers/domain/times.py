"""How times are written into records: ISO 8601, always in UTC."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache


@lru_cache(maxsize=256)
def time_text(time: datetime) -> str:
    """A time of UTC as text. One record says the same time many times over, an import for all of its rows."""
    return time.isoformat()

"""What the planner knows of the tables."""

from __future__ import annotations

from services.runtime.database import Reader

REFRESH = "SELECT refresh_statistics()"


def refresh(reader: Reader) -> None:
    """Lets PostgreSQL look anew at tables that have doubled since it last did; mostly there is nothing to do."""
    reader.value(REFRESH)

"""The figures of conversations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConversationMetrics:
    """How many conversations and interactions, how many characters in all, and when the first and the last were."""

    conversations: int
    interactions: int
    characters: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def average_interaction_length(self) -> float:
        """Characters of what was said and answered, an interaction; 0 without any."""
        return self.characters / self.interactions if self.interactions else 0.0

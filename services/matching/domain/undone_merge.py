"""Undone merge owns what matching is told of a merge that was undone: its sides, and who undid it when and why."""

from dataclasses import dataclass
from datetime import datetime

from services.matching.domain.judgement import LONGEST_REASON, Author

_UNSAID = "Their merge was undone."


@dataclass(frozen=True, slots=True)
class UndoneMerge:
    """A merge that was undone; `left_undecided`: it stays open whether its sides are one."""

    merge_id: str
    target_id: str
    source_ids: tuple[str, ...]
    undone_by: Author
    undone_at: datetime
    undo_reason: str = ""
    left_undecided: bool = False

    @property
    def reason(self) -> str:
        """Why its sides are different, in words; the end of a long reason gives way, as any judgement's has a limit."""
        text = f"Their merge was undone: {self.undo_reason}" if self.undo_reason else _UNSAID
        return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1].rstrip() + "…"

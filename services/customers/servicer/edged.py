"""What the parts of a servicer share."""

from __future__ import annotations

from services.runtime.edge import Edge


class Edged:
    """A servicer, or a part of one, with the edge that it opens transactions by."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

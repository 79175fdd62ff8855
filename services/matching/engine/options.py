"""Options owns what a caller of the engine may choose, and how it follows and stops the work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.model import Model

DEFAULT_THRESHOLD = 50
"""The confidence from which records are grouped: more likely one person than not."""

Progress = Callable[[str, float], None]
"""Told the stage and how much of it is done, 0 to 1."""

Cancelled = Callable[[], bool]
"""Asked now and then; true ends the work."""


class ScanCancelled(Exception):  # noqa: N818 - the caller asked for it
    """The caller asked to stop."""


@dataclass(frozen=True, slots=True)
class Options:
    """How records are grouped."""

    threshold: int = DEFAULT_THRESHOLD
    memory: int = 2 << 30
    """Bytes that the process may hold. The records stay in memory, about half a KB each; what they leave is for the
    pairs, which go to temporary files beyond it. The report tells both, and whether the records alone took more."""

    threads: int = 0
    """Threads that score; 0 uses every core."""

    seed: int = 0
    link_only: bool = False
    """Only records of different sources are compared."""

    learn: bool = True
    model: Model = DEFAULT_MODEL
    different: Sequence[tuple[str, str]] = ()
    """Pairs of ids that were judged to be different and never share a group."""

    same: Sequence[tuple[str, str]] = ()
    """Pairs of ids that were judged to be one and share a group, unless a judgement keeps members apart."""


@dataclass(slots=True)
class Watch:
    """Reports progress and stops the work when the caller wants it stopped."""

    progress: Progress | None = None
    cancelled: Cancelled | None = None

    def at(self, stage: str, done: float = 0.0) -> None:
        """Say where the work stands; raise ScanCancelled when it should not go on."""
        self.check(stage)
        if self.progress is not None:
            self.progress(stage, done)

    def check(self, stage: str) -> None:
        """Raise ScanCancelled when the work should not go on; may be asked by any thread."""
        if self.cancelled is not None and self.cancelled():
            raise ScanCancelled(stage)

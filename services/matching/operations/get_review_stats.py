"""Get review stats owns the figures of the queue: what waits, who decided what, and how right the engine was."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.matching.domain.review_item import DIFFERENT, MERGED, SAME, UNSURE
from services.matching.store import review_stats
from services.matching.store.review_stats import OpenCount, ResolvedCount
from services.runtime.database import Transaction


@dataclass(slots=True)
class Agreement:
    """How often people agreed with the engine in one band; `confidences` is the sum over those that were decided."""

    band: int
    counts: Counter[str] = field(default_factory=Counter)
    confidences: int = 0

    @property
    def said_same(self) -> int:
        """Return how often people merged or said SAME."""
        return self.said(MERGED) + self.said(SAME)

    def said(self, resolution: str) -> int:
        """Return how often people said this."""
        return self.counts[resolution]

    @property
    def mean_confidence(self) -> float:
        """Return the mean of the engine's confidence over those that were decided one way or the other."""
        decided = self.said_same + self.said(DIFFERENT)
        return self.confidences / decided if decided else 0.0


@dataclass(frozen=True, slots=True)
class ReviewStats:
    """The figures; `by_actor` and `by_resolution` are in the order of their counts."""

    open: Sequence[OpenCount]
    open_items: int
    left_out: int
    oldest: datetime | None
    by_resolution: Sequence[tuple[str, int]]
    by_actor: Sequence[tuple[str, str, str, int]]
    """Resolution, subject, name, count."""

    agreement: Sequence[Agreement]
    partial: bool


def get_review_stats(tx: Transaction, start: datetime, end: datetime) -> ReviewStats:
    """Return how the queue stands, and what was decided in an interval."""
    waiting, resolved = review_stats.open_counts(tx), review_stats.resolved_counts(tx, start, end)
    open_items, decided = sum(one.items for one in waiting), sum(one.items for one in resolved)
    return ReviewStats(
        open=waiting,
        open_items=open_items,
        left_out=review_stats.left_out(tx),
        oldest=review_stats.oldest_open(tx),
        by_resolution=_by_resolution(resolved),
        by_actor=_by_actor(resolved),
        agreement=_agreement(resolved),
        partial=open_items >= review_stats.MOST_OPEN_COUNTED or decided >= review_stats.MOST_RESOLVED_COUNTED,
    )


def _by_resolution(resolved: Sequence[ResolvedCount]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for one in resolved:
        counts[one.resolution] += one.items
    return sorted(counts.items(), key=lambda found: (-found[1], found[0]))


def _by_actor(resolved: Sequence[ResolvedCount]) -> list[tuple[str, str, str, int]]:
    counts: Counter[tuple[str, str]] = Counter()
    names: dict[str, str] = {}
    for one in resolved:
        counts[one.resolution, one.actor] += one.items
        names[one.actor] = one.actor_name
    ordered = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[: review_stats.MOST_ACTORS]
    return [(resolution, actor, names[actor], items) for (resolution, actor), items in ordered]


def _agreement(resolved: Sequence[ResolvedCount]) -> list[Agreement]:
    bands: dict[int, Agreement] = {}
    for one in (one for one in resolved if one.scored):
        band = bands.setdefault(one.band, Agreement(one.band))
        band.counts[one.resolution] += one.items
        band.confidences += one.confidences if one.resolution != UNSURE else 0
    return [bands[band] for band in sorted(bands)]

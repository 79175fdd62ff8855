"""Review stats owns the messages of the figures of the review queue."""

from typing import Protocol

from patronage.matching.v1 import review_queue_pb2 as pb
from services.matching.convert.review_answers import actor_message, resolution_value
from services.matching.domain.review_item import DIFFERENT, UNSURE

_LAST_BAND = 90


class Agreement(Protocol):
    """How often people agreed with the engine in one band, as the operation gives it."""

    @property
    def band(self) -> int: ...
    @property
    def mean_confidence(self) -> float: ...
    @property
    def said_same(self) -> int: ...

    def said(self, resolution: str) -> int:
        """Return how often people said this."""


def open_message(kind: str, band: int, items: int) -> pb.OpenReviews:
    """Return how many items wait, of one kind and band."""
    return pb.OpenReviews(
        kind=pb.ReviewKind.Value(f"REVIEW_KIND_{kind}"),
        least_confidence=band,
        greatest_confidence=_greatest(band),
        items=items,
    )


def resolved_message(resolution: str, items: int, actor: str = "", name: str = "") -> pb.ResolvedReviews:
    """Return how many items were decided so, by anybody or by one person."""
    by = actor_message(actor, name) if actor else None
    return pb.ResolvedReviews(resolution=resolution_value(resolution), resolved_by=by, items=items)


def agreement_message(agreement: Agreement) -> pb.Agreement:
    """Return how often people agreed with the engine in one band."""
    return pb.Agreement(
        least_confidence=agreement.band,
        greatest_confidence=_greatest(agreement.band),
        mean_confidence=agreement.mean_confidence,
        said_same=agreement.said_same,
        said_different=agreement.said(DIFFERENT),
        said_unsure=agreement.said(UNSURE),
    )


def _greatest(band: int) -> int:
    """Return the greatest confidence of a band of ten; the last one ends with 100."""
    return 100 if band == _LAST_BAND else band + 9

"""The API owns what others call of the engine: dedupe many records, score candidates, explain one pair."""

from collections.abc import Sequence

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.evidence import Evidence, Explanation
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import Frequencies, Model
from services.matching.engine import dedupe as scanning
from services.matching.engine import online
from services.matching.engine.online import Scorer
from services.matching.engine.options import Cancelled, Options, Progress, ScanCancelled, Watch
from services.matching.engine.records import (
    Records,
    records_from_identities,
    records_from_rows,
    records_from_table,
)
from services.matching.engine.results import Group, Result, ScoredPair

__all__ = [
    "DEFAULT_MODEL",
    "Group",
    "Options",
    "Records",
    "Result",
    "ScanCancelled",
    "ScoredPair",
    "Scorer",
    "dedupe",
    "explain",
    "records_from_identities",
    "records_from_rows",
    "records_from_table",
    "score_candidates",
]


def dedupe(
    records: Records,
    options: Options | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Result:
    """Group the records that are one; raises ScanCancelled when asked to stop."""
    return scanning.dedupe(records, options or Options(), Watch(progress, cancelled))


def score_candidates(
    identity: Identity,
    candidates: Sequence[Identity],
    model: Model = DEFAULT_MODEL,
    frequencies: Frequencies | None = None,
) -> list[Evidence]:
    """Score one record against its candidates, in their order; the same numbers as a scan gives."""
    return online.Scorer(model, frequencies).score(identity, candidates)


def explain(
    left: Identity,
    right: Identity,
    model: Model = DEFAULT_MODEL,
    frequencies: Frequencies | None = None,
) -> Explanation:
    """Return the waterfall of one pair."""
    return online.explain(left, right, model, frequencies)

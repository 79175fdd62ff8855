"""Report owns what a scan tells about itself: what each key gave, what was learned, where the time went."""

from time import perf_counter
from typing import Any

from services.matching.domain.further import PREFIX, is_further
from services.matching.domain.model import Comparison
from services.matching.engine.candidates import Candidates
from services.matching.engine.learning import Learned
from services.matching.engine.memory import Shares
from services.matching.engine.options import Options, Watch
from services.matching.engine.results import Result
from services.matching.engine.scan import ScoredPairs


class Stopwatch:
    """Tells the watcher which stage begins, and how long each one took."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._begun: list[tuple[str, float]] = []

    def start(self, stage: str) -> None:
        """Begin a stage, ending the one before."""
        self._watch.at(stage)
        self._begun.append((stage, perf_counter()))

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each stage so far."""
        ends = [begun for _, begun in self._begun[1:]] + [perf_counter()]
        return {stage: round(end - begun, 3) for (stage, begun), end in zip(self._begun, ends, strict=True)}


def report_of(
    result: Result,
    found: Candidates,
    scored: ScoredPairs,
    learned: Learned,
    seconds: dict[str, float],
    options: Options,
    shares: Shares,
) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "records": len(result.ids),
        "groups": len(result.groups),
        "grouped_records": sum(len(group.members) for group in result.groups),
        "threshold": options.threshold,
        "seed": options.seed,
        "compared_pairs": scored.compared,
        "memory": {
            "budget": options.memory,
            "records": shares.records,
            "records_fit": shares.records <= options.memory,
            "spilled": found.spilled or scored.kept.spilled,
        },
        "keys": [
            {
                "kind": key.kind,
                "pairs": key.pairs,
                "only_here": key.only_here,
                "refined_records": key.refined_records,
                "refined_by": key.refined_by,
                "dropped_records": key.dropped_records,
                "expected_matches": key.expected_matches,
                "shared_values": [{"value": value, "records": records} for value, records in key.shared],
                "left_out": key.left_out,
                "why": key.why,
            }
            for key in found.keys
        ],
        "model": {
            "version": learned.model.version,
            "rounds": learned.rounds,
            "expected_matches": round(learned.expected_matches, 1),
            "kept_from_shipped": learned.kept,
            "columns": _columns(learned),
            "duplicates_per_record": learned.model.duplicates_per_record,
            "relatives_per_record": learned.model.relatives_per_record,
            "comparisons": [_described(comparison) for comparison in learned.model.comparisons],
        },
        "seconds": seconds,
    }


def _columns(learned: Learned) -> dict[str, str]:
    """Return for each further column whether it is evidence, or why not."""
    used = (comparison.name for comparison in learned.model.comparisons if is_further(comparison.name))
    return {
        name.removeprefix(PREFIX): said
        for name, said in {**dict.fromkeys(used, "compared"), **learned.left_out}.items()
    }


def _described(comparison: Comparison) -> dict[str, Any]:
    return {
        "name": comparison.name,
        "levels": [
            {"name": level.name, "m": level.m, "u": level.u, "related": level.related, "weight": round(level.weight, 3)}
            for level in comparison.levels
        ],
    }

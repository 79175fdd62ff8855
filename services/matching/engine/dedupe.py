"""Dedupe owns the whole way from records to groups: count, block, learn, score, cluster."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from services.matching.engine.blocking import candidates
from services.matching.engine.crew import Crew
from services.matching.engine.exclusions import Exclusions, judged_ids
from services.matching.engine.further_columns import with_further
from services.matching.engine.grouping import group
from services.matching.engine.learning import Learned, learn
from services.matching.engine.memory import Shares
from services.matching.engine.model_arrays import counted_attributes
from services.matching.engine.options import Options, Watch
from services.matching.engine.records import Records
from services.matching.engine.repeats import distinct
from services.matching.engine.report import Stopwatch, report_of
from services.matching.engine.results import Result, result_of
from services.matching.engine.scan import scan

_PAIRS_PER_RECORD = 4
_FEWEST_PAIRS = 1_000_000


def dedupe(records: Records, options: Options, watch: Watch) -> Result:
    """Group the records that are one person or business."""
    with _without_collector():
        return _dedupe(records, options, watch)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Make many small objects, none in a circle, without looking for circles again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _dedupe(records: Records, options: Options, watch: Watch) -> Result:
    clock = Stopwatch(watch)
    clock.start("count")
    repeats = distinct(records, judged_ids(options))
    shipped, told = with_further(options.model, records.columns, options.seed) if options.learn else (options.model, {})
    records.columns.count_own_values(counted_attributes(shipped))
    compared = repeats.compared()
    columns = compared.columns
    exclusions = Exclusions.of(compared, options, repeats.equal)
    crew = Crew.of(watch, options.threads)
    shares = Shares.of(options.memory, crew.threads)
    clock.start("block")
    found = candidates(columns, budget_of(records.columns.size), exclusions.among, shares, crew)
    clock.start("learn")
    learned = learn(columns, found, shipped, options.seed, crew) if options.learn else Learned(options.model, 0, 0.0)
    clock.start("score")
    scored = scan(columns, found, learned.model, shares, crew)
    clock.start("cluster")
    groups = group(compared, scored, learned.model, exclusions, options.threshold, crew)
    clock.start("finish")
    result = result_of(records, repeats, scored, groups, learned.model)
    watch.check("finish")
    learned.left_out = {**records.left_out, **told, **learned.left_out}
    result.report = report_of(result, found, scored, learned, clock.seconds(), options, shares)
    return result


def budget_of(records: int) -> int:
    """Return how many pairs one key may give."""
    return max(_FEWEST_PAIRS, _PAIRS_PER_RECORD * records)

"""Dedupe owns the whole way from records to groups: count, block, learn, score, cluster."""

from services.matching.engine.blocking import candidates
from services.matching.engine.exclusions import Exclusions
from services.matching.engine.grouping import group
from services.matching.engine.learning import Learned, learn
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
    clock = Stopwatch(watch)
    clock.start("count")
    records.columns.count_own_values(counted_attributes(options.model))
    compared = distinct(records)
    columns = compared.records.columns
    exclusions = Exclusions.of(compared.records, options)
    clock.start("block")
    found = exclusions.without(candidates(columns, _budget(records.columns.size)))
    clock.start("learn")
    learned = learn(columns, found, options.model, options.seed) if options.learn else Learned(options.model, 0, 0.0)
    clock.start("score")
    scored = scan(columns, found, learned.model, options.threads, options.memory, watch)
    clock.start("cluster")
    groups = group(columns, scored, learned.model, exclusions, options.threshold)
    clock.start("finish")
    result = result_of(records, compared, scored, groups, learned.model)
    result.report = report_of(result, found, learned, clock.seconds(), options)
    return result


def _budget(records: int) -> int:
    """Return how many pairs one key may give."""
    return max(_FEWEST_PAIRS, _PAIRS_PER_RECORD * records)

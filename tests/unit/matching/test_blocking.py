"""Keys bring together who may be one, and stay within the budget."""

import numpy as np

from services.matching.domain.keys import KEYS, SCAN_KEYS, WIDE_KEYS, blocking_keys
from services.matching.engine.api import records_from_rows
from services.matching.engine.blocking import candidates
from services.matching.engine.candidates import Candidates
from services.matching.engine.crew import Crew
from services.matching.engine.exclusions import Exclusions
from services.matching.engine.memory import Shares
from services.matching.engine.options import Options, Watch
from tests.benchmarks import blocking
from tests.benchmarks.generated import generate
from tests.unit.matching.customers import identity_of, people


def found_in(rows: list[dict[str, str]], budget: int) -> Candidates:
    records = records_from_rows(rows)
    nothing = Exclusions.of(records, Options())
    return candidates(records.columns, budget, nothing.among, Shares.of(1 << 30, 2), Crew.of(Watch(), 2))


def compared(found: Candidates) -> set[tuple[int, int]]:
    pairs = [found.pairs(part) for part in found.slices(10_000)]
    return {pair for left, right in pairs for pair in zip(left.tolist(), right.tolist(), strict=True)}


def pairs_by_keys(rows: list[dict[str, str]]) -> set[tuple[int, int]]:
    keys = [set(blocking_keys(identity_of(row))) for row in rows]
    return {(a, b) for a in range(len(rows)) for b in range(a + 1, len(rows)) if keys[a] & keys[b]}


def test_a_scan_compares_all_who_share_a_key_online() -> None:
    rows = people(300, copies=40)
    assert pairs_by_keys(rows) <= compared(found_in(rows, budget=50_000))


def test_names_that_change_places_meet_by_their_sound_where_nothing_else_tells_people_apart() -> None:
    rows = [{"id": str(number), **names(number)} for number in range(300)]
    rows += [{"id": "a", "name": "Jeanette Henry"}, {"id": "b", "name": "Henrey Jeannette"}]
    assert (300, 301) in compared(found_in(rows, budget=5_000))


def names(number: int) -> dict[str, str]:
    return {"name": f"{'bdfgjklmnp'[number % 10]}o{'bdfgklmnrs'[number // 10 % 10]}a Zo{'bdfgklmnrs'[number // 100]}a"}


def test_a_small_file_is_compared_all_with_all() -> None:
    found = found_in(people(100, copies=0), budget=1_000_000)
    assert len(found) == 100 * 99 // 2
    assert [key.kind for key in found.keys] == ["everyone"]


def test_a_key_that_too_many_share_is_refined_and_reported() -> None:
    rows = [dict(row, email="info@x.org") for row in people(2_500, copies=0)]
    found = found_in(rows, budget=20_000)
    email = next(key for key in found.keys if key.kind == "email")
    assert email.refined_records == 2_500
    assert email.pairs <= 80_000


def test_every_kind_of_key_is_named_once() -> None:
    kinds = [key.kind for key in (*KEYS, *SCAN_KEYS, *WIDE_KEYS)]
    assert len(kinds) == len(set(kinds))


def test_the_keys_find_nearly_all_copies_for_a_few_pairs_a_record() -> None:
    made = generate(4_000, 11)
    found = blocking.found_in(made.table())
    cluster = np.array(made.cluster)
    sizes = np.bincount(cluster)
    true, _ = blocking.true_pairs(found, cluster)
    assert true >= 0.97 * (sizes * (sizes - 1) // 2).sum()
    usual = [report for report in found.keys if report.kind in {key.kind for key in KEYS}]
    assert sum(report.only_here for report in usual) < 10 * 4_000

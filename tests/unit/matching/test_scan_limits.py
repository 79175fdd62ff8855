"""A scan keeps to its memory, stops when asked to, and says what it did not learn or did not compare."""

import random

import pytest

from services.matching.engine import key_yield
from services.matching.engine.api import Options, Result, ScanCancelled, dedupe, records_from_rows
from tests.unit.matching.customers import Row, people

SMALL, LARGE = 64 << 20, 2 << 30
STAGES = ["count", "block", "learn", "score", "cluster", "finish"]


def grouped(result: Result) -> set[frozenset[str]]:
    return {frozenset(group.members) for group in result.groups}


def scanned(rows: list[Row] | list[dict[str, str]], options: Options | None = None) -> Result:
    return dedupe(records_from_rows(rows), options)


def test_a_small_budget_spills_and_gives_the_same_groups_as_a_large_one() -> None:
    rows = people(1_200, copies=200)
    small, large = scanned(rows, Options(memory=SMALL)), scanned(rows, Options(memory=LARGE))
    assert (small.report["memory"]["spilled"], large.report["memory"]["spilled"]) == (True, False)
    assert small.groups == large.groups
    assert list(small.pairs()) == list(large.pairs())


def test_the_report_says_what_the_records_took_and_whether_that_is_within_the_budget() -> None:
    rows = people(40, copies=4)
    small, large = (scanned(rows, Options(memory=memory)).report["memory"] for memory in (1 << 20, LARGE))
    assert (small["records_fit"], large["records_fit"]) == (False, True)
    assert 1 << 20 < small["records"] < LARGE


def test_one_thread_finds_by_keys_what_many_find() -> None:
    rows = people(2_100, copies=200)
    alone, together = scanned(rows, Options(threads=1)), scanned(rows, Options(threads=5))
    assert alone.groups == together.groups
    assert list(alone.pairs()) == list(together.pairs())
    assert alone.report["model"] == together.report["model"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_scan_stops_in_whatever_stage_it_is_told_to(stage: str) -> None:
    seen: list[str] = []
    with pytest.raises(ScanCancelled):
        dedupe(
            records_from_rows(people(300, copies=40)),
            progress=lambda now, _: seen.append(now),
            cancelled=lambda: stage in seen,
        )
    assert list(dict.fromkeys(seen)) == STAGES[: STAGES.index(stage) + 1]


def test_progress_only_grows_within_a_stage() -> None:
    seen: list[tuple[str, float]] = []
    dedupe(records_from_rows(people(2_500, copies=40)), progress=lambda stage, done: seen.append((stage, done)))
    for stage in ("block", "score"):
        done = [share for now, share in seen if now == stage]
        assert done == sorted(done)
        assert done[-1] == pytest.approx(1.0)


def test_the_order_of_the_rows_changes_neither_groups_nor_their_names() -> None:
    rows = people(300, copies=40)
    rows += [dict(row, id=f"third-{number}", email="") for number, row in enumerate(rows[:10])]
    mixed = random.Random(5).sample(rows, len(rows))
    first, second = scanned(rows), scanned(mixed)
    assert grouped(first) == grouped(second)
    assert {group.id for group in first.groups} == {group.id for group in second.groups}


def test_a_field_that_teaches_the_contrary_keeps_its_shipped_weights_and_says_so() -> None:
    rows = [
        dict(row, birth_date="1980-02-02" if row["id"].startswith("copy") else "1970-01-01") for row in people(800, 60)
    ]
    result = scanned(rows)
    assert "wrong sign" in result.report["model"]["kept_from_shipped"]["birth_date"]
    assert len(result.groups) == 60


def test_fields_that_nobody_has_keep_their_shipped_weights_and_say_so() -> None:
    kept = scanned(people(400, copies=60)).report["model"]["kept_from_shipped"]
    assert kept["organization"] == "no two records have a value"
    assert "email" not in kept


def test_a_file_of_few_pairs_is_judged_by_the_shipped_model() -> None:
    report = scanned(people(60, copies=3)).report
    assert "too few to learn from" in report["model"]["kept_from_shipped"]["model"]
    assert report["model"]["version"] == "shipped-1"


def test_a_costly_key_whose_own_pairs_hold_no_match_is_left_out_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_yield, "COSTLY_PAIRS", 2_000)
    rows = people(3_000, copies=200)
    pruned = scanned(rows)
    monkeypatch.setattr(key_yield, "COSTLY_PAIRS", 10**9)
    whole = scanned(rows)
    left_out = [key for key in pruned.report["keys"] if key["left_out"]]
    assert left_out
    assert all("matches among" in key["why"] for key in left_out)
    assert pruned.report["compared_pairs"] < whole.report["compared_pairs"]
    assert grouped(pruned) == grouped(whole)


def test_the_values_that_too_many_share_are_named() -> None:
    families = ["".join("bdfgklmnprst"[number // 12**place % 12] for place in range(4)) for number in range(4_000)]
    rows = [{"id": family, "name": f"Ann {family}", "city": "Springfield"} for family in families]
    (key,) = (key for key in scanned(rows).report["keys"] if key["kind"] == "city")
    assert key["shared_values"] == [{"value": "springfield", "records": 4_000}]

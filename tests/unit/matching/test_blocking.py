"""Keys bring together who may be one, and stay within the budget."""

from services.matching.domain.keys import KEYS, WIDE_KEYS, blocking_keys
from services.matching.engine.api import records_from_rows
from services.matching.engine.blocking import candidates
from tests.unit.matching.customers import identity_of, people


def pairs_by_keys(rows: list[dict[str, str]]) -> set[tuple[int, int]]:
    keys = [set(blocking_keys(identity_of(row))) for row in rows]
    return {(a, b) for a in range(len(rows)) for b in range(a + 1, len(rows)) if keys[a] & keys[b]}


def test_a_scan_compares_all_who_share_a_key_online() -> None:
    rows = people(300, copies=40)
    records = records_from_rows(rows)
    found = candidates(records.columns, budget=50_000)
    compared = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert pairs_by_keys(rows) <= compared


def test_a_small_file_is_compared_all_with_all() -> None:
    found = candidates(records_from_rows(people(100, copies=0)).columns, budget=1_000_000)
    assert len(found) == 100 * 99 // 2
    assert [key.kind for key in found.keys] == ["everyone"]


def test_a_key_that_too_many_share_is_refined_and_reported() -> None:
    rows = [dict(row, email="info@x.org") for row in people(2_500, copies=0)]
    found = candidates(records_from_rows(rows).columns, budget=20_000)
    email = next(key for key in found.keys if key.kind == "email")
    assert email.refined_records == 2_500
    assert email.pairs <= 80_000


def test_every_kind_of_key_is_named_once() -> None:
    kinds = [key.kind for key in (*KEYS, *WIDE_KEYS)]
    assert len(kinds) == len(set(kinds))

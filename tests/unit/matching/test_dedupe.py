"""A scan groups what is one, keeps apart what is not, and says what it did."""

import pytest

from services.matching.engine.api import Options, Result, ScanCancelled, dedupe, records_from_rows
from tests.unit.matching.customers import people


def grouped(result: Result) -> set[frozenset[str]]:
    return {frozenset(group.members) for group in result.groups}


def test_copies_find_their_originals_and_nobody_else() -> None:
    result = dedupe(records_from_rows(people(400, copies=60)))
    expected = {frozenset({f"person-{number}", f"copy-{number}"}) for number in range(60)}
    assert grouped(result) == expected


def test_the_same_file_and_seed_give_the_same_result() -> None:
    first, second = (dedupe(records_from_rows(people(300, copies=40)), Options(seed=7)) for _ in range(2))
    assert first.groups == second.groups
    assert list(first.pairs()) == list(second.pairs())
    assert first.model == second.model


@pytest.mark.parametrize("threads", [1, 4])
def test_the_number_of_threads_does_not_show(threads: int) -> None:
    alone = dedupe(records_from_rows(people(300, copies=40)), Options(threads=1))
    several = dedupe(records_from_rows(people(300, copies=40)), Options(threads=threads, memory=64 << 20))
    assert alone.groups == several.groups


def test_what_was_judged_different_never_shares_a_group() -> None:
    judged = [("person-0", "copy-0")]
    result = dedupe(records_from_rows(people(300, copies=40)), Options(different=judged))
    assert frozenset(judged[0]) not in grouped(result)
    assert len(result.groups) == 39


def test_linking_two_sources_leaves_each_alone() -> None:
    rows = [dict(row, source="b" if row["id"].startswith("copy") else "a") for row in people(300, copies=40)]
    rows.append(dict(rows[0], id="twin"))
    result = dedupe(records_from_rows(rows), Options(link_only=True))
    sources = {row["id"]: row["source"] for row in rows}
    assert len(result.groups) == 40
    assert all(len({sources[member] for member in group.members}) == len(group.members) for group in result.groups)


def test_a_group_names_its_weakest_link_and_first_member() -> None:
    group = dedupe(records_from_rows(people(300, copies=40))).groups[0]
    assert group.members == ("person-0", "copy-0")
    assert set(group.weakest) == set(group.members)
    assert 50 <= group.confidence <= 100


def test_the_report_accounts_for_keys_and_stages() -> None:
    report = dedupe(records_from_rows(people(300, copies=40))).report
    assert report["records"] == 340
    assert report["groups"] == 40
    assert sum(key["pairs"] for key in report["keys"]) >= report["compared_pairs"]
    assert list(report["seconds"]) == ["count", "block", "learn", "score", "cluster", "finish"]


def test_progress_is_told_and_a_scan_can_be_stopped() -> None:
    stages: list[str] = []
    with pytest.raises(ScanCancelled):
        dedupe(
            records_from_rows(people(300, copies=40)),
            progress=lambda stage, _: stages.append(stage),
            cancelled=lambda: "learn" in stages,
        )
    assert list(dict.fromkeys(stages)) == ["count", "block", "learn"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_file_of_almost_nothing_has_no_groups(count: int) -> None:
    assert dedupe(records_from_rows(people(count, copies=0))).groups == []

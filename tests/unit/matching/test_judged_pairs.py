"""What people judged of pairs holds for groups, whatever the weights say."""

from services.matching.engine.api import Options, Result, dedupe, records_from_rows
from tests.unit.matching.customers import people


def group_of(result: Result, record_id: str) -> frozenset[str]:
    found = (frozenset(group.members) for group in result.groups if record_id in group.members)
    return next(found, frozenset({record_id}))


def scanned(rows: list[dict[str, str]], **judged: list[tuple[str, str]]) -> Result:
    return dedupe(records_from_rows(rows), Options(**judged))  # type: ignore[arg-type]


def test_records_judged_to_be_one_share_a_group_though_nothing_else_says_so() -> None:
    result = scanned(people(300, copies=40), same=[("person-100", "person-200")])
    assert group_of(result, "person-100") == {"person-100", "person-200"}
    assert next(group for group in result.groups if "person-100" in group.members).confidence == 100


def test_a_judgement_joins_whole_groups() -> None:
    result = scanned(people(300, copies=40), same=[("copy-1", "person-2"), ("person-100", "copy-2")])
    assert {"copy-1", "person-2", "person-100", "copy-2"} <= group_of(result, "copy-2")


def test_of_contrary_judgements_the_one_that_keeps_apart_wins() -> None:
    judged = [("person-0", "copy-0")]
    result = scanned(people(300, copies=40), same=judged, different=judged)
    assert group_of(result, "person-0") == {"person-0"}


def test_different_holds_for_groups_that_others_would_join() -> None:
    rows = people(300, copies=40)
    rows += [dict(rows[5], id="twin")]
    result = scanned(rows, same=[("person-5", "twin"), ("twin", "copy-5")], different=[("person-5", "copy-5")])
    assert "copy-5" not in group_of(result, "person-5")


def test_judgements_hold_for_rows_that_equal_many_others() -> None:
    rows = people(300, copies=40)
    rows += [dict(rows[7], id=f"same-{number}") for number in range(5)]
    result = scanned(rows, different=[("same-4", "person-7")])
    assert "same-4" not in group_of(result, "person-7")
    assert {"same-0", "same-1", "same-2", "same-3"} <= group_of(result, "same-3")


def test_a_judgement_about_unknown_records_is_passed_over() -> None:
    result = scanned(people(300, copies=40), same=[("nobody", "person-1")], different=[("x", "y")])
    assert len(result.groups) == 40

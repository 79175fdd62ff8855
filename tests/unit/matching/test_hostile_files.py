"""Odd files end well, in bounded time."""

import pytest

from services.matching.engine.api import Options, dedupe, records_from_rows, records_from_table
from tests.unit.matching.customers import people


def test_very_many_identical_rows_are_one_group() -> None:
    row = {"name": "Ann Lee", "email": "ann@x.org", "phone": "415-555-2671", "street": "12 Oak St"}
    table = {field: [value] * 100_000 for field, value in row.items()}
    result = dedupe(records_from_table([str(number) for number in range(100_000)], table))
    assert result.report["compared_pairs"] <= 1
    assert [len(group.members) for group in result.groups] == [100_000]


@pytest.mark.parametrize(
    "telling",
    [{"phone": "415-555-2671"}, {"address": "12 Oak St"}, {"birth_date": "1980-01-01", "postal_code": "62704"}],
)
def test_equal_rows_are_one_among_others_when_they_tell_people_apart(telling: dict[str, str]) -> None:
    rows = [*people(300, copies=30), *({"id": f"same-{number}", "name": "Ann Lee", **telling} for number in range(900))]
    sizes = [len(group.members) for group in dedupe(records_from_rows(rows)).groups if "same-0" in group.members]
    assert sizes == [900]


@pytest.mark.parametrize("row", [{"phone": "415-555-2671"}, {"name": "Ann Lee", "birth_date": "1980-01-01"}])
def test_equal_rows_that_do_not_tell_people_apart_stay_alone_when_very_many_are_equal(row: dict[str, str]) -> None:
    rows = [*people(300, copies=30), *({"id": f"same-{number}", **row} for number in range(900))]
    assert not any("same-0" in group.members for group in dedupe(records_from_rows(rows)).groups)


def test_equal_rows_of_one_source_are_not_linked() -> None:
    row = {"name": "Ann Lee", "email": "ann@x.org", "phone": "415-555-2671", "source": "shop"}
    rows = [{"id": str(number), **row} for number in range(5)]
    assert dedupe(records_from_rows(rows), Options(link_only=True)).groups == []


def test_very_many_rows_with_nothing_but_a_common_name_stay_alone() -> None:
    table = {"name": ["John Smith"] * 50_000}
    assert dedupe(records_from_table([str(number) for number in range(50_000)], table)).groups == []


def test_rows_with_nothing_but_an_id_stay_alone() -> None:
    assert dedupe(records_from_rows({"id": str(number)} for number in range(3_000))).groups == []


def test_a_value_that_very_many_share_joins_nobody() -> None:
    rows = [dict(row, email="info@x.org", phone="1-800-555-1234") for row in people(3_000, copies=0)]
    assert max((len(group.members) for group in dedupe(records_from_rows(rows)).groups), default=1) <= 3


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "\x00\x01\x02", "\u202eabc", "王小明", "a\tb\nc", ",,,,", "||||", "@"]
)
def test_odd_values_are_compared_as_text(text: str) -> None:
    odd = dict.fromkeys(("name", "email", "phone", "address", "birth_date", "organization", "external_id"), text)
    rows = [*people(60, copies=5), {"id": "odd-1", **odd}, {"id": "odd-2", **odd}]
    assert len(dedupe(records_from_rows(rows)).groups) >= 5

"""Lists that become one: what stays as it is is not copied, as roots of hundreds of customers are folded often."""

from typing import Any

from services.customers.domain.united import one_primary, united

POINTS = "contact_points"


def point(value: str, *, primary: bool) -> dict[str, Any]:
    seen = {"first_seen": "2026-01-01", "last_seen": "2026-01-01"}
    return {"kind": "EMAIL", "value": value, "primary": primary, "verified": False, **seen}


def test_contact_points_of_which_the_right_one_is_primary_are_the_same_things() -> None:
    points = [point("a@x.io", primary=True), point("b@x.io", primary=False)]
    assert all(after is before for after, before in zip(one_primary(POINTS, points), points, strict=True))


def test_another_point_joins_those_that_are_there_and_leaves_them_alone() -> None:
    first, second = [point("a@x.io", primary=True)], [point("b@x.io", primary=True)]
    both = united(POINTS, first, second)
    assert both[0] is first[0]
    assert [(one["value"], one["primary"]) for one in both] == [("a@x.io", True), ("b@x.io", False)]
    assert second[0]["primary"], "what the source shows itself is as it was"


def test_nothing_beside_a_list_leaves_it_with_one_primary_point() -> None:
    first = [point("a@x.io", primary=False), point("b@x.io", primary=False)]
    assert [one["primary"] for one in united(POINTS, first, [])] == [True, False]
    assert not first[0]["primary"]
    assert united("tags", ["vip"], []) == united("tags", [], ["vip"]) == ["vip"]

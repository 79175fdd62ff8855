"""Groups: their ids, their master, and what to do with them."""

from datetime import UTC, datetime

import pytest

from services.matching.domain.duplicate_group import FoundGroup, ListedGroup, ListedMember, Member, in_order


def found(*ids: str, confidence: int = 90) -> FoundGroup:
    return FoundGroup(confidence, tuple(Member(one, 5.0, 0.9, 95) for one in ids))


def listed(one: str, completeness: int, day: int, confidence: int = 95) -> ListedMember:
    return ListedMember(
        Member(one, 5.0, 0.9, confidence), one, "", "", completeness, datetime(2026, 1, day, tzinfo=UTC)
    )


def test_the_id_depends_on_the_members_only() -> None:
    assert found("a", "b").group_id == found("b", "a", confidence=60).group_id
    assert found("a", "b").group_id != found("a", "b", "c").group_id


def test_the_most_complete_member_leads_and_then_the_oldest() -> None:
    members = in_order([listed("new", 4, 9), listed("old", 4, 2), listed("poor", 3, 1)])
    assert [member.name for member in members] == ["old", "new", "poor"]
    assert in_order([listed("old", 3, 1), listed("full", 5, 9)])[0].name == "full"


def test_the_others_come_by_confidence() -> None:
    members = in_order([listed("master", 9, 1), listed("weak", 1, 1, 60), listed("strong", 1, 1, 99)])
    assert [member.name for member in members] == ["master", "strong", "weak"]


@pytest.mark.parametrize(
    ("weakest", "strongest", "action"),
    [(90, 99, "MERGE"), (89, 99, "REVIEW"), (50, 70, "REVIEW"), (50, 69, "KEEP_SEPARATE"), (100, 100, "MERGE")],
)
def test_what_to_do_follows_from_the_links(weakest: int, strongest: int, action: str) -> None:
    assert ListedGroup("g", weakest, strongest, ()).recommended_action() == action

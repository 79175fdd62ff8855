"""Page sizes and page tokens."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from services.runtime.paging import MOST_BYTES, moment, page_of, page_size, page_token, position_of

QUESTION = {"method": "ListThings", "filter": {"state": "ACTIVE"}, "order": "name"}
INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
SCALARS = st.none() | st.booleans() | INTEGERS | TEXTS


@given(st.lists(SCALARS))
def test_a_token_gives_back_its_position(position: list[Any]) -> None:
    assert position_of(page_token(QUESTION, position, "acme"), QUESTION, "acme") == position


def test_no_token_means_the_first_page() -> None:
    assert position_of("", QUESTION, "acme") is None


def test_the_order_in_which_a_question_is_written_does_not_matter() -> None:
    token = page_token(QUESTION, ["b", 2], "acme")
    assert position_of(token, dict(reversed(QUESTION.items())), "acme") == ["b", 2]


def test_a_token_of_another_question_is_refused() -> None:
    token = page_token(QUESTION, ["b", 2], "acme")
    with pytest.raises(PageTokenMismatch):
        position_of(token, {**QUESTION, "order": "created_at"}, "acme")


def test_a_token_of_another_company_is_refused() -> None:
    token = page_token(QUESTION, ["b", 2], "acme")
    with pytest.raises(PageTokenMismatch):
        position_of(token, QUESTION, "umbrella")


@given(st.text(min_size=1))
def test_garbage_is_a_bad_field(garbage: str) -> None:
    with pytest.raises(FieldsInvalid, match="page_token"):
        position_of(garbage, QUESTION, "acme")


def test_a_deeply_nested_forgery_is_a_bad_field() -> None:
    import base64

    forged = base64.urlsafe_b64encode(b"\x01" + b"x" * 9 + b"[" * 100_000).decode()
    with pytest.raises(FieldsInvalid, match="page_token"):
        position_of(forged, QUESTION, "acme")


@pytest.mark.parametrize(("asked", "given"), [(0, 20), (1, 1), (1000, 1000), (5000, 1000)])
def test_a_page_has_the_asked_size_within_the_limits(asked: int, given: int) -> None:
    assert page_size(asked) == given


def test_a_negative_page_size_is_a_bad_field() -> None:
    with pytest.raises(FieldsInvalid, match="page_size"):
        page_size(-1)


@pytest.mark.parametrize(
    "item", [r'"\ud800"', r'"a\u0000"', "1e400", "Infinity", "NaN", "0.5", "1" + "0" * 30, "{}", "[]"]
)
def test_a_token_with_a_position_that_no_page_ends_at_is_a_bad_field(item: str) -> None:
    good = page_token(QUESTION, ["b", 2], "acme")
    raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
    forged = raw.removesuffix(b'["b",2]') + f"[{item},2]".encode()
    with pytest.raises(FieldsInvalid, match="page_token"):
        position_of(base64.urlsafe_b64encode(forged).decode().rstrip("="), QUESTION, "acme")


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2026-11-21T10:00:00.000001+00:00", "2026-11-21T10:00:00.000001+00:00"),
        ("2026-W47-6T10:00:00Z", "2026-11-21T10:00:00+00:00"),
        ("2026-11-21x10:00:00+20:00", "2026-11-20T14:00:00+00:00"),
    ],
)
def test_a_time_in_a_position_is_written_as_the_database_reads_it(told: str, read: str) -> None:
    assert moment(told) == read


@pytest.mark.parametrize("told", ["", "yesterday", "infinity", 5, None, True, "0001-01-01T00:00:00+23:59"])
def test_a_time_that_no_page_ends_at_is_a_bad_field(told: object) -> None:
    with pytest.raises(FieldsInvalid, match="page_token"):
        moment(told)


def test_a_page_ends_where_its_items_are_more_than_a_message_takes() -> None:
    half = MOST_BYTES // 2
    assert page_of([1, 1, 1], 2, lambda _: 1) == ([1, 1], True)
    assert page_of([1, 1], 2, lambda _: 1) == ([1, 1], False)
    assert page_of([half, half, 1], 3, int) == ([half, half], True)
    assert page_of([MOST_BYTES + 1, 1], 2, int) == ([MOST_BYTES + 1], True)
    assert page_of([MOST_BYTES + 1], 2, int) == ([MOST_BYTES + 1], False)
    assert page_of([], 2, int) == ([], False)

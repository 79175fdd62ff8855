"""E-mail addresses that reach one mailbox are equal; nothing else is guessed."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from services.identity import is_email, normalize_email
from services.identity.text import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" INFO@Company.com ", "info@company.com"),
        ("John.Smith+shop@GoogleMail.com", "johnsmith@gmail.com"),
        ("j.smith+shop@outlook.com", "j.smith@outlook.com"),
        ("j.smith+shop@company.com", "j.smith+shop@company.com"),
        ("Bob <BOB@x.org>", "bob@x.org"),
        ("mailto:bob@x.org", "bob@x.org"),
        ("no address", "noaddress"),
        ("bob@", "bob"),
        ("", ""),
    ],
)
def test_the_mailbox_is_what_counts(text: str, expected: str) -> None:
    assert normalize_email(text) == expected


def test_syntax_is_checked_without_asking_the_network() -> None:
    assert is_email("someone@nowhere.example")
    assert not is_email("someone at nowhere")


@given(
    st.from_regex(r"[a-zA-Z0-9.+_'-]{0,5}@{0,2}([a-zA-Z0-9-]{0,5}\.){0,2}(com|org|local|test|onion|c|x1|TEST|Invalid)?")
    | st.from_regex(r"\A[a-z!#$%&*/=?^`{|}~.\"\\<> ]{1,6}@(xn--)?[a-z0-9-]{1,4}\.[a-z]{2,4}\Z")
    | st.text('abé.@-_ <>"\\', max_size=12)
)
def test_the_quick_look_and_the_library_agree(text: str) -> None:
    assert is_email(text) == by_the_library(text)


@given(
    st.integers(62, 66),
    st.lists(st.integers(61, 65), min_size=1, max_size=4),
    st.sampled_from(["", ".org", ".x-y.se"]),
)
def test_they_agree_at_the_limits_of_each_part_and_of_the_whole(local: int, labels: list[int], end: str) -> None:
    text = "@".join(("a" * local, ".".join("b" * label for label in labels) + end))
    assert is_email(text) == by_the_library(text)


@pytest.mark.parametrize("total", [253, 254, 255])
def test_they_agree_about_the_longest_address(total: int) -> None:
    text = f"{'a' * 62}@{'b' * 62}.{'c' * 62}.{'d' * (total - 193)}.org"
    assert (len(text), is_email(text), by_the_library(text)) == (total, total <= 254, total <= 254)


@pytest.mark.parametrize("text", [f"{'a' * 60}@{'b' * 60}.{'c' * 60}.org", f"{'a' * 400}@x.org", "é" * 200 + "@x.org"])
def test_the_library_is_not_asked_about_a_long_plain_address_or_one_that_is_too_long(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("email_validator.validate_email", None)
    assert is_email(text) == (len(text) < 200)


def by_the_library(text: str) -> bool:
    try:
        validate_email(clean(text), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True

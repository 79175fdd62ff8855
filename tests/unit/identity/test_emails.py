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
    try:
        validate_email(clean(text), check_deliverability=False, test_environment=True)
        valid = True
    except EmailNotValidError:
        valid = False
    assert is_email(text) == valid

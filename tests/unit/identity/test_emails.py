"""E-mail addresses that reach one mailbox are equal; nothing else is guessed."""

import pytest

from services.identity import is_email, normalize_email


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

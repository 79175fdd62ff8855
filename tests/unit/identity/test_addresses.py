"""Addresses are read from one line or from parts, to the same form."""

import pytest

from services.identity import PostalAddress, join_address, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "2791 Doremus Lane #48, Bicknellwood, VA 96926",
            PostalAddress("2791", "doremus ln", "48", "bicknellwood", "va", "96926"),
        ),
        (
            "12 OAK ST., Apt. 4b, St. Louis, Missouri 63101-2233, USA",
            PostalAddress("12", "oak st", "4b", "st louis", "mo", "63101", "usa"),
        ),
        ("Hauptstraße 12, 10115 Berlin", PostalAddress("12", "hauptstrasse", "", "berlin", "", "10115")),
        ("10 Downing Street, London SW1A 2AA", PostalAddress("10", "downing st", "", "london", "", "sw1a2aa")),
        ("12, Oak Street, Springfield", PostalAddress("12", "oak st", "", "springfield")),
        ("", PostalAddress()),
    ],
)
def test_one_line_falls_into_its_parts(text: str, expected: PostalAddress) -> None:
    assert parse_address(text) == expected


def test_parts_and_one_line_come_to_the_same() -> None:
    parts = join_address("12 Oak Street Apt 4", "Springfield", "Illinois", "62704")
    assert parts == parse_address("12 Oak St, Unit 4, Springfield, IL 62704")

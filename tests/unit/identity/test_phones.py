"""Phone numbers come to E.164 by the company's region, and stay comparable when they cannot."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity import is_phone, normalize_phone


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("(415) 555-2671", "US", "+14155552671"),
        ("1-415-555-2671", "US", "+14155552671"),
        ("+1 415 555 2671", "KE", "+14155552671"),
        ("0701234567", "KE", "+254701234567"),
        ("+254701234567", "US", "+254701234567"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("415-555-2671 x12", "US", "+14155552671"),
        ("12-34-56", "US", "123456"),
        ("call me", "US", "call me"),
        ("1555", "US", "1555"),
        ("", "US", ""),
    ],
)
def test_a_number_is_written_internationally(text: str, region: str, expected: str) -> None:
    assert normalize_phone(text, region) == expected


@given(st.from_regex(r"[2-9]\d{9}|0[1-9]\d{8,9}", fullmatch=True), st.sampled_from(["US", "GB", "DE", "KE", "FR"]))
def test_the_quick_way_gives_what_the_parser_gives(digits: str, region: str) -> None:
    number = phonenumbers.parse(digits, region)
    if phonenumbers.is_valid_number(number):
        assert normalize_phone(digits, region) == phonenumbers.format_number(
            number, phonenumbers.PhoneNumberFormat.E164
        )


@given(
    start=st.sampled_from(["", "0", "1", "00", "8", "+", "+0"]),
    of=st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    region=st.sampled_from(["US", "GB", "KE", "IT", "AR", "CO", "RU", "GG", "CA"]),
    keep=st.integers(4, 15),
    end=st.sampled_from(["", "x12", " ext. 345", " X 1"]),
)
def test_numbers_of_any_country_are_what_the_parser_gives(
    start: str, of: str, region: str, keep: int, end: str
) -> None:
    example = phonenumbers.example_number(of)
    national = "" if example is None else phonenumbers.national_significant_number(example)
    code = phonenumbers.country_code_for_region(of) if start[:1] == "+" else ""
    text = f"{start[:1]}{code}{start[1:]}{national}"[:keep] + end
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_possible_number(number):
        expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert normalize_phone(text, region) == expected


def test_only_what_can_be_dialled_is_a_phone() -> None:
    assert is_phone("(415) 555-2671")
    assert not is_phone("call me")

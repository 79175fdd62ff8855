"""No text, however odd or long, stops a normaliser or grows without bound."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity import (
    clean,
    fold,
    name_sort,
    normalize_birth_date,
    normalize_email,
    normalize_name,
    normalize_organization,
    normalize_phone,
    parse_address,
)

Normalizer = Callable[[str], str]
NORMALIZERS: list[Normalizer] = [
    clean,
    fold,
    name_sort,
    normalize_birth_date,
    normalize_email,
    normalize_name,
    normalize_organization,
    normalize_phone,
    lambda text: " ".join(parse_address(text)),
]


@pytest.mark.parametrize("normalize", NORMALIZERS)
@given(text=st.text(max_size=80))
def test_any_text_is_safe_and_printable(normalize: Normalizer, text: str) -> None:
    assert normalize(text).isprintable()


@pytest.mark.parametrize("normalize", NORMALIZERS)
@pytest.mark.parametrize("letter", ["a", "1", "é", "王", "\u202e", "\x00", ",", "(", '"', "1 ", "a,", "# "])
def test_a_megabyte_is_cut_to_a_line(normalize: Normalizer, letter: str) -> None:
    assert len(normalize(letter * 1_000_000)) <= 2_500


@given(text=st.text(max_size=80))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_control_and_direction_characters_disappear() -> None:
    assert clean("Ann\x00\u202eLee\r\n ") == "Ann Lee"

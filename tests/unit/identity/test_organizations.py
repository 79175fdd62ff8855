"""Organisations are compared without their legal form."""

import pytest

from services.identity import normalize_organization


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Smith & Sons Co., Ltd.", "smith and sons"),
        ("ACME Inc.", "acme"),
        ("Müller GmbH & Co. KG", "muller"),
        ("Limited", "limited"),
        ("", ""),
    ],
)
def test_the_legal_form_is_left_out(text: str, expected: str) -> None:
    assert normalize_organization(text) == expected

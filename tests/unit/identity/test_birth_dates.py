"""Birth dates are read as people write them; what is no date stays text."""

import pytest

from services.identity import normalize_birth_date


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("1971-06-24", "US", "1971-06-24"),
        ("19710624", "US", "1971-06-24"),
        ("1971-06-24T00:00:00Z", "US", "1971-06-24"),
        ("06/07/1971", "US", "1971-06-07"),
        ("06/07/1971", "GB", "1971-07-06"),
        ("24/06/1971", "US", "1971-06-24"),
        ("24. Juni 1971", "DE", "1971-06-24"),
        ("June 24th, 1971", "US", "1971-06-24"),
        ("1971-06", "US", "1971-06"),
        ("1971", "US", "1971"),
        ("1971-02-31", "US", "1971-02-31"),
        ("1971-0-75", "US", "1971-00-75"),
        ("06241971", "US", "1971-06-24"),
        ("24061971", "DE", "1971-06-24"),
        ("Unknown", "US", "unknown"),
        ("", "US", ""),
    ],
)
def test_a_date_is_read(text: str, region: str, expected: str) -> None:
    assert normalize_birth_date(text, region) == expected

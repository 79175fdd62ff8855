"""A country is known by its code or its name, and phones are then read as it writes them."""

import pytest

from services.identity.addresses import join_address
from services.identity.countries import region_of_country
from services.identity.country_names import COUNTRIES
from services.identity.phones import is_region
from services.matching.domain.identity_record import identify


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("KE", "KE"),
        (" ke ", "KE"),
        ("Kenya", "KE"),
        ("UK", "GB"),
        ("U.S.A.", "US"),
        ("The Netherlands", "NL"),
        ("Österreich", "AT"),
        ("Россия", "RU"),
        ("XX", ""),
        ("", ""),
        ("x" * 1_000_000, ""),
    ],
)
def test_a_country_is_known_by_code_and_name(written: str, region: str) -> None:
    assert region_of_country(written) == region


def test_every_named_country_has_a_numbering_plan() -> None:
    assert all(is_region(code) for code in COUNTRIES.values())


def test_phones_are_read_as_in_the_customers_own_country() -> None:
    assert identify(phones=["0701234567"], country="Kenya", region="US").phones == ("+254701234567",)
    home = join_address("1 Moi Avenue", "Nairobi", country="Kenya")
    assert identify(phones=["0701234567"], addresses=["12 Oak St", home], region="US").phones == ("+254701234567",)
    assert identify(phones=["0701234567"], country="nowhere", region="KE").phones == ("+254701234567",)

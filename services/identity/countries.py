"""Countries owns which country a person means by what they wrote: a code, or a name."""

from services.identity.country_names import COUNTRIES
from services.identity.phones import is_region
from services.identity.text import clean, fold

LONGEST_COUNTRY = 64


def region_of_country(country: str) -> str:
    """Return the ISO 3166 code of a country as written, such as KE for 'Kenya'; '' when it is not known."""
    written = clean(country, LONGEST_COUNTRY)
    if len(written) == 2 and is_region(written):
        return written.upper()
    named = fold(written).strip(". ")
    return COUNTRIES.get(named.removeprefix("the "), "")

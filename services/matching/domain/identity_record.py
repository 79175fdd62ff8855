"""Identity record owns the normal form of one customer, as matching sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.identity.addresses import NO_ADDRESS, PostalAddress, parse_address
from services.identity.birth_dates import normalize_birth_date
from services.identity.countries import region_of_country
from services.identity.emails import normalize_email
from services.identity.names import NO_NAME, PersonName, join_name, parse_name
from services.identity.organizations import normalize_organization
from services.identity.phones import normalize_phone
from services.identity.text import fold
from services.matching.domain.further import LONGEST

MOST_VALUES = 8
"""Contact points of one kind that are compared; a record with more is compared by its first ones."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of one person or business, normalised; an empty value was not given."""

    name: PersonName = NO_NAME
    organization: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[PostalAddress, ...] = ()
    birth_date: str = ""
    external_ids: tuple[str, ...] = ()
    further: tuple[tuple[str, str], ...] = ()
    """Values of further columns of a file, by attribute; the records of the suite have none."""


def identify(
    *,
    name: str = "",
    given_name: str = "",
    middle_name: str = "",
    family_name: str = "",
    suffix: str = "",
    organization: str = "",
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    addresses: Sequence[str | PostalAddress] = (),
    birth_date: str = "",
    external_ids: Sequence[str] = (),
    country: str = "",
    region: str = "US",
    further: Mapping[str, str] | None = None,
) -> Identity:
    """Normalise raw fields; name parts win over a whole name.

    Phones are read as in the customer's own `country`, or that of an address in parts, where one is known;
    otherwise, as dates always, as in `region`.
    """
    home = _home(country, addresses) or region
    parts = given_name or middle_name or family_name
    return Identity(
        name=join_name(given_name, middle_name, family_name, suffix) if parts else parse_name(name),
        organization=normalize_organization(organization),
        emails=_distinct([normalize_email(email) for email in emails]),
        phones=_distinct([normalize_phone(phone, home) for phone in phones]),
        addresses=_known(addresses),
        birth_date=normalize_birth_date(birth_date, region),
        external_ids=_distinct([fold(external_id) for external_id in external_ids]),
        further=_further(further or {}),
    )


def _home(country: str, addresses: Sequence[str | PostalAddress]) -> str:
    named = (country, *(address.country for address in addresses if not isinstance(address, str)))
    return next((code for text in named if text and (code := region_of_country(text))), "")


def _further(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    folded = ((name, fold(value)) for name, value in sorted(values.items()) if len(value) <= LONGEST)
    return tuple((name, value) for name, value in folded if value)


def _distinct(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:MOST_VALUES]


def _known(addresses: Sequence[str | PostalAddress]) -> tuple[PostalAddress, ...]:
    read = [parse_address(address) if isinstance(address, str) else address for address in addresses]
    return tuple(dict.fromkeys(address for address in read if address != NO_ADDRESS))[:MOST_VALUES]

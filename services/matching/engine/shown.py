"""Shown owns how the values behind a comparison are written in an explanation."""

from collections.abc import Callable

from services.identity.addresses import PostalAddress
from services.matching.domain.identity_record import Identity


def _whole_name(identity: Identity) -> str:
    name = identity.name
    return (
        " ".join(part for part in (name.given, name.middle, name.family, name.suffix) if part) or identity.organization
    )


_SHOWN: dict[str, Callable[[Identity], str]] = {
    "name": _whole_name,
    "given": lambda identity: identity.name.given,
    "family": lambda identity: identity.name.family,
    "name_order": lambda identity: f"{identity.name.given} {identity.name.family}".strip(),
    "middle": lambda identity: identity.name.middle,
    "suffix": lambda identity: identity.name.suffix,
    "organization": lambda identity: identity.organization,
    "email": lambda identity: " | ".join(identity.emails),
    "email_name": lambda identity: " | ".join(
        (f"{identity.name.given} {identity.name.family}".strip(), *identity.emails)
    ),
    "phone": lambda identity: " | ".join(identity.phones),
    "address": lambda identity: " | ".join(_street(address) for address in identity.addresses),
    "locality": lambda identity: " | ".join(_place(address) for address in identity.addresses),
    "birth_date": lambda identity: identity.birth_date,
    "external_id": lambda identity: " | ".join(identity.external_ids),
}


def shown_value(identity: Identity, comparison: str) -> str:
    """Return the normalised value that a comparison looked at."""
    shown = _SHOWN.get(comparison)
    return shown(identity) if shown else dict(identity.further).get(comparison, "")


def _street(address: PostalAddress) -> str:
    unit = f"unit {address.unit}" if address.unit else ""
    return " ".join(part for part in (address.house_number, address.street, unit) if part)


def _place(address: PostalAddress) -> str:
    return " ".join(part for part in (address.postcode, address.city) if part)

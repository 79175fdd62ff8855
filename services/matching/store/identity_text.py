"""Identity text owns how identities and raw fields are written into a row: compact JSON arrays."""

import json
from sys import intern
from typing import Any

from services.identity.addresses import PostalAddress
from services.identity.names import PersonName
from services.matching.domain.customer_seen import RawIdentity
from services.matching.domain.identity_record import Identity

_RAW_FIELDS = RawIdentity.__slots__
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def identity_text(identity: Identity) -> str:
    """Return the identity as text."""
    return _compact(
        [
            identity.name,
            identity.organization,
            identity.emails,
            identity.phones,
            identity.addresses,
            identity.birth_date,
            identity.external_ids,
        ]
    )


def identity_of(text: str) -> Identity:
    """Return the identity that was written as text."""
    return _identity(json.loads(text))


def identity_from(read: list[Any]) -> Identity:
    """Return the identity that was read from JSON already; a few at a time, so nothing is shared between them."""
    name, organization, emails, phones, addresses, birth_date, external_ids = read
    return Identity(
        PersonName(*name),
        organization,
        tuple(emails),
        tuple(phones),
        tuple(PostalAddress(*address) for address in addresses),
        birth_date,
        tuple(external_ids),
    )


def raw_text(raw: RawIdentity) -> str:
    """Return the raw fields as text, empty ones left out."""
    named = ((name, getattr(raw, name)) for name in _RAW_FIELDS)
    return _compact({name: value for name, value in named if value})


def raw_of(text: str) -> RawIdentity:
    """Return the raw fields that were written as text."""
    return RawIdentity(**{name: _frozen(value) for name, value in json.loads(text).items()})


def _identity(read: list[Any]) -> Identity:
    name, organization, emails, phones, addresses, birth_date, external_ids = read
    # Names and places repeat, and a scan holds the identities of all customers at once: one object for each text.
    return Identity(
        PersonName(*map(intern, name)),
        organization,
        tuple(emails),
        tuple(phones),
        tuple(PostalAddress(*map(intern, address)) for address in addresses),
        birth_date,
        tuple(external_ids),
    )


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value

"""Normal forms owns the messages about what a record is compared by."""

from collections.abc import Sequence
from typing import Protocol

from patronage.matching.v1 import normalize_pb2 as pb
from services.matching.convert.change import raw_identity
from services.matching.domain.customer_seen import RawIdentity
from services.matching.domain.identity_record import Identity
from services.matching.domain.regions import is_known
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


class Key(Protocol):
    """A key as the operation gives it."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def customers(self) -> int: ...
    @property
    def capped(self) -> bool: ...


def normal_form_asked(request: pb.NormalizeIdentityRequest) -> tuple[RawIdentity, str, ChangeToken | None]:
    """Return the record, the region where one is named, and what must have been followed."""
    check, raw, region = FieldCheck(), raw_identity(request.record), request.region.upper()
    check.require(raw != RawIdentity(), "record", "must say something to match by")
    known = not request.HasField("region") or is_known(region)
    check.require(known, "region", "must be an ISO 3166-1 alpha-2 code, such as KE")
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return raw, region, token


def normal_form_message(identity: Identity, keys: Sequence[Key], region: str) -> pb.NormalizeIdentityResponse:
    """Return a normal form as a message."""
    return pb.NormalizeIdentityResponse(
        name=_name(identity) if any(identity.name) else None,
        organization=identity.organization,
        emails=identity.emails,
        phones=identity.phones,
        addresses=_addresses(identity),
        birth_date=identity.birth_date,
        identifiers=identity.external_ids,
        keys=[_key(one) for one in keys],
        region=region,
    )


def _name(identity: Identity) -> pb.NormalizedName:
    given, middle, family, suffix = identity.name
    return pb.NormalizedName(given_name=given, middle_name=middle, family_name=family, suffix=suffix)


def _addresses(identity: Identity) -> list[pb.NormalizedAddress]:
    return [
        pb.NormalizedAddress(
            house_number=one.house_number,
            street=one.street,
            unit=one.unit,
            city=one.city,
            region=one.region,
            postal_code=one.postcode,
            country=one.country,
        )
        for one in identity.addresses
    ]


def _key(key: Key) -> pb.BlockingKey:
    return pb.BlockingKey(kind=key.kind, value=key.value, customers=key.customers, capped=key.capped)

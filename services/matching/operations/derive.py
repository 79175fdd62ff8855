"""Derive owns what is made of a customer's raw fields for matching: the identity that is scored, and hashed keys."""

from hashlib import blake2b

from services.matching.domain.customer_seen import RawIdentity
from services.matching.domain.identity_record import Identity
from services.matching.domain.keys import KEYS, blocking_keys

_NORMALIZERS = "2"
"""Raise it when a normaliser gives another result for the same text: all records are then derived anew."""

RULES = f"{_NORMALIZERS}-{blake2b(repr(KEYS).encode(), digest_size=6).hexdigest()}"
"""The version of the rules; it follows the declared keys by itself."""


def derivation(region: str) -> str:
    """Return by which rules and for which region a company's records are derived."""
    return f"{RULES}/{region}"


def derive(raw: RawIdentity, region: str) -> tuple[Identity, tuple[int, ...]]:
    """Return the identity and its keys."""
    identity = raw.normalized(region)
    return identity, tuple(sorted({key_hash(kind, value) for kind, value in blocking_keys(identity)}))


def named_keys(identity: Identity) -> dict[int, str]:
    """Return the keys of an identity, each with what people call it: kind:value."""
    return {key_hash(kind, value): f"{kind}:{shown_key(value)}" for kind, value in blocking_keys(identity)}


def key_hash(kind: str, value: str) -> int:
    """Return a key as the signed 64-bit number under which it is stored."""
    digest = blake2b(f"{kind}:{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def shown_key(value: str) -> str:
    """Return the value of a key as people read it."""
    return value.replace("\x1f", " ")

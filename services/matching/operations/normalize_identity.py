"""Normalize identity owns what a record is compared by, and under which keys how many customers are found with it."""

from dataclasses import dataclass

from services.matching.domain.customer_seen import RawIdentity
from services.matching.domain.identity_record import Identity
from services.matching.domain.keys import blocking_keys
from services.matching.operations.derive import key_hash, shown_key
from services.matching.store import match_keys
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A key as people call it, how many customers have it, and whether those are too many for it to be used."""

    kind: str
    value: str
    customers: int
    capped: bool


@dataclass(frozen=True, slots=True)
class NormalForm:
    """The normal form of a record, and its keys in the order in which they are declared."""

    identity: Identity
    keys: tuple[SharedKey, ...]


def normalize_identity(tx: Transaction, raw: RawIdentity, region: str, cap: int) -> NormalForm:
    """Return the normal form of a record; keys are counted to one above the cap."""
    identity = raw.normalized(region)
    named = {key_hash(kind, value): (kind, shown_key(value)) for kind, value in blocking_keys(identity)}
    held = match_keys.holders(tx, named, cap + 1)
    return NormalForm(identity, tuple(SharedKey(*named[key], held[key], held[key] > cap) for key in named))

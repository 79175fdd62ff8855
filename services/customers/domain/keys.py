"""The keys by which an exact duplicate is found, and the locks that writers of the same key take."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from services.customers.domain.fields import Fields

Key = tuple[str, str]
"""Kind (EMAIL or PHONE, or EXTERNAL for the lock of an external id) and value."""

LIVE_STATES = ("ACTIVE", "INACTIVE")


def duplicate_keys(fields: Fields, state: str) -> set[Key]:
    """The keys of what a live root shows: its normalised e-mails and phones. Others have none."""
    if state not in LIVE_STATES:
        return set()
    return {
        (point["kind"], point["normalized_value"])
        for point in fields.get("contact_points", [])
        if point["kind"] in {"EMAIL", "PHONE"} and point["normalized_value"]
    }


def external_keys(fields: Fields) -> set[Key]:
    """The pairs of system and external id of a record."""
    return {(item["system"], item["external_id"]) for item in fields.get("external_ids", [])}


def company_lock(company_id: str) -> int:
    """The number of a company's advisory lock, signed 64 bits."""
    return _hashed("company", company_id)


def key_locks(company_id: str, keys: Iterable[Key]) -> list[int]:
    """The numbers of the advisory locks of keys, distinct and in the order in which they are taken."""
    return sorted({_hashed("key", company_id, *key) for key in keys})


def _hashed(*parts: str) -> int:
    digest = hashlib.blake2b("\x00".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

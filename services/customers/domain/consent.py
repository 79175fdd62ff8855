"""Consent: what a customer answered about being contacted, and which of several answers is the most restrictive.

An answer is `{"value": bool, "since": time, "proof": text}`; the proof is left out where none was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.customers.domain.fields import CONSENTS, Fields, Json
from services.customers.domain.record import OwnRecord
from services.customers.domain.times import time_text

Answer = Mapping[str, Json]


def answer(value: bool, since: datetime, proof: str) -> dict[str, Json]:
    """An answer as it is kept."""
    return {"value": value, "since": time_text(since)} | ({"proof": proof} if proof else {})


def restricts(permission: str, given: Answer | None) -> bool:
    """Whether an answer keeps the customer from being contacted in some way."""
    return given is not None and given["value"] is CONSENTS[permission]


def stricter(permission: str, one: Answer | None, other: Answer | None) -> Answer | None:
    """The answer of two customers who are one: what restricts counts, of two that say the same the one given first.

    The order of the two does not matter, so a fold over many gives the same in any order.
    """
    if one is None or other is None:
        return other if one is None else one
    return min(one, other, key=lambda given: _rank(permission, given))


def said(own: OwnRecord, permission: str) -> Answer | None:
    """What was last answered for a customer itself, whatever was merged into it."""
    for edit in reversed(own.overlay):
        if edit.unit == permission:
            return edit.values.get(permission)
    return own.fields.get(permission)


def says_no_more(known: Answer | None, given: Answer) -> bool:
    """Whether a new answer tells nothing that the known one does not."""
    if known is None or known["value"] is not given["value"]:
        return False
    return "proof" not in given or given["proof"] == known.get("proof")


def answers(fields: Fields) -> dict[str, Answer]:
    """The answers that a record shows, by permission."""
    return {permission: fields[permission] for permission in CONSENTS if permission in fields}


def _rank(permission: str, given: Answer) -> tuple[bool, datetime, str]:
    return not restricts(permission, given), datetime.fromisoformat(given["since"]), given.get("proof", "")

"""Candidates owns the one round trip of the online calls: who shares a key, and what is needed to score them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.matching.domain.identity_record import Identity
from services.matching.store.identity_text import identity_from
from services.matching.store.match_keys import array_text
from services.runtime.database import Transaction

ENOUGH = 40
"""Candidates that the rarest keys must bring before wider ones are left out."""

_OF_CUSTOMER = f"find_candidates(%s::uuid, NULL, %s::integer, {ENOUGH}, %s)"
_OF_KEYS = f"find_candidates(NULL, %s::bigint[], %s::integer, {ENOUGH}, %s)"
_OF_MANY = f"""
    SELECT find_candidates(NULL, many.keys::bigint[], %s, {ENOUGH}, %s)
    FROM unnest(%s::text[]) WITH ORDINALITY AS many (keys, place) ORDER BY many.place
"""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who may be the same, as columns; `own` is the asked customer's identity, None where it is not to be found."""

    age_s: float
    policy_number: int
    listed_scan: str
    root_id: str
    own: Identity | None
    unused: frozenset[int]
    """Keys that too many share to be used."""

    shown: Sequence[tuple[str, str, str, str]]
    """Id, name, primary e-mail and phone of each candidate."""

    identities: Sequence[Identity]


class CallsFunctions(Protocol):
    """A reader or a transaction of one company."""

    def call(self, function: str, params: Any = ...) -> Any:
        """Return what a function of the database answers."""


def candidates_of_customer(reader: CallsFunctions, customer_id: str, cap: int, follower: str) -> Candidates:
    """Return who shares a key with a customer, or with the root that it was merged into."""
    return _read(reader.call(_OF_CUSTOMER, (customer_id, str(cap), follower)))


def candidates_of_keys(reader: CallsFunctions, keys: Sequence[int], cap: int, follower: str) -> Candidates:
    """Return who has one of the keys."""
    return _read(reader.call(_OF_KEYS, (array_text(keys), str(cap), follower)))


def candidates_of_many(tx: Transaction, many: Sequence[Sequence[int]], cap: int, follower: str) -> list[Candidates]:
    """Return who has one of the keys, for each of many sets of them, in one round trip."""
    rows = tx.execute(_OF_MANY, (cap, follower, [array_text(keys) for keys in many])).fetchall()
    return [_read(text) for (text,) in rows]


def _read(text: str | None) -> Candidates:
    assert text is not None
    age, policy, scan, root, own, unused, rows = json.loads(text)
    return Candidates(
        float("inf") if age is None else max(0.0, age),
        policy,
        scan or "",
        root or "",
        identity_from(own) if own else None,
        frozenset(unused),
        [(row[0], row[1], row[2], row[3]) for row in rows],
        [identity_from(row[4]) for row in rows],
    )

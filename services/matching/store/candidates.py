"""Candidates owns the one round trip of the online calls: who shares a key, and what is needed to score them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.domain.identity_record import Identity
from services.matching.store.identity_text import identities_of, identity_of
from services.runtime.database import Database

_FIND = """
    SELECT age, root::text, own_identity, capped, ids, names, emails, phones, records
    FROM find_candidates(%s, %s::uuid, %s::bigint[], %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who may be the same, as columns; `own` is the asked customer's identity, None where it is not to be found."""

    age_s: float
    root_id: str
    own: Identity | None
    capped: frozenset[int]
    ids: Sequence[str]
    names: Sequence[str]
    emails: Sequence[str]
    phones: Sequence[str]
    identities: Sequence[Identity]


def candidates_of_customer(
    database: Database, company_id: str, customer_id: str, cap: int, follower: str
) -> Candidates:
    """Return who shares a key with a customer, or with the root that it was merged into."""
    return _find(database, company_id, customer_id, None, cap, follower)


def candidates_of_keys(database: Database, company_id: str, keys: Sequence[int], cap: int, follower: str) -> Candidates:
    """Return who has one of the keys."""
    return _find(database, company_id, None, list(keys), cap, follower)


def _find(
    database: Database, company_id: str, customer_id: str | None, keys: list[int] | None, cap: int, follower: str
) -> Candidates:
    with database.connection() as connection:
        found = connection.execute(_FIND, (company_id, customer_id, keys, cap, follower)).fetchone()
    assert found is not None
    age, root, own, capped, ids, names, emails, phones, records = found
    return Candidates(
        float("inf") if age is None else max(0.0, age),
        root or "",
        identity_of(own) if own else None,
        frozenset(capped or ()),
        ids or (),
        names or (),
        emails or (),
        phones or (),
        identities_of(records),
    )

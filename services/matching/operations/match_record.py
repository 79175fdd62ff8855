"""Match record owns the question who a record from outside may be."""

from services.matching.domain.customer_seen import RawIdentity
from services.matching.operations.derive import derive
from services.matching.operations.judging import Asked, Found, judged
from services.matching.store.candidates import candidates_of_keys
from services.runtime.database import Database


def match_record(database: Database, asked: Asked, raw: RawIdentity, region: str) -> Found:
    """Find who a record from outside may be."""
    identity, keys = derive(raw, region)
    found = candidates_of_keys(database, asked.company_id, keys, asked.cap, asked.follower)
    return judged(identity, found, asked)

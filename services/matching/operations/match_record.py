"""Match record owns the question who a record from outside may be."""

from services.matching.domain.customer_seen import RawIdentity
from services.matching.operations.derive import derive
from services.matching.operations.judging import Asked, Found, Search, judged
from services.matching.store.candidates import candidates_of_keys


def match_record(search: Search, asked: Asked, raw: RawIdentity, region: str) -> Found:
    """Find who a record from outside may be."""
    identity, keys = derive(raw, region)
    found = candidates_of_keys(search.reader(asked.company_id), keys, asked.cap, asked.follower)
    return judged(search, identity, found, asked)

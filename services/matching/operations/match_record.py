"""Match record owns the question who a record from outside may be, asked of one or of many at once."""

from collections.abc import Sequence

from services.matching.domain.customer_seen import RawIdentity
from services.matching.operations.derive import derive
from services.matching.operations.judging import Asked, Found, Search, judged
from services.matching.store.candidates import candidates_of_keys, candidates_of_many
from services.runtime.database import TenantScope


def match_record(search: Search, asked: Asked, raw: RawIdentity, region: str) -> Found:
    """Find who a record from outside may be."""
    identity, keys = derive(raw, region)
    found = candidates_of_keys(search.reader(asked.company_id), keys, asked.cap, asked.follower)
    return judged(search, identity, found, asked)


def match_records(search: Search, asked: Asked, raws: Sequence[RawIdentity], region: str) -> list[Found]:
    """Find who each of some records from outside may be, in one look at the company's customers."""
    derived = [derive(raw, region) for raw in raws]
    with search.database.transaction(TenantScope(asked.company_id), read_only=True) as tx:
        many = candidates_of_many(tx, [keys for _, keys in derived], asked.cap, asked.follower)
    return [judged(search, identity, found, asked) for (identity, _), found in zip(derived, many, strict=True)]

"""Feed passes owns the numbering of passes over everything: what a whole pass has not seen no longer exists."""

from services.matching.store import companies
from services.runtime.database import Database, Transaction


def begin_pass(database: Database, follower: str) -> None:
    """Number the pass that begins; records seen from now on carry its number."""
    companies.begin_pass(database, follower)


def end_pass(tx: Transaction, follower: str) -> None:
    """Note, with the last batch of the pass, that upkeep may sweep what has an older number."""
    companies.end_pass(tx, follower)

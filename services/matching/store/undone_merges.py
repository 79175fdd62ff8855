"""Undone merges owns the note that what follows from the undo of a merge was done."""

from services.matching.domain.undone_merge import UndoneMerge
from services.runtime.database import Transaction

_NOTE = """
    INSERT INTO undone_merges (company_id, merge_id) VALUES ((SELECT app_company()), %s::uuid)
    ON CONFLICT DO NOTHING
"""


def note(tx: Transaction, undone: UndoneMerge) -> bool:
    """Note an undo; answers whether it was not noted before. Who comes second waits until the first one commits."""
    return tx.execute(_NOTE, (undone.merge_id,)).rowcount == 1

"""Undone merges owns the note that what follows from the undo of a merge was done."""

from services.matching.domain.undone_merge import UndoneMerge
from services.runtime.database import Transaction

_BEGIN = "begin_after_undo(%s::uuid, %s::boolean)"


def begin(tx: Transaction, undone: UndoneMerge, *, repeated: bool) -> bool:
    """Note an undo, and judge alone until this transaction ends; answers whether it was not noted before.

    Who comes second waits until the first one commits. `repeated`: the feed tells of it again, so that the commit need
    not wait for the disk.
    """
    return bool(tx.call(_BEGIN, (undone.merge_id, str(repeated).lower())))

"""The newest change in the feed, which a caller who writes nothing waits for elsewhere."""

from __future__ import annotations

from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken

# Not the newest transaction of the server: that one may write anything anywhere, and followers of a quiet feed hear
# only once a second that there was nothing for them in it.
NEWEST = "SELECT newest_change()"


def token(tx: Transaction) -> ChangeToken:
    """The token of every change that was committed before; those who follow the feed have often met it already."""
    return tx.token_of(tx.value(NEWEST))

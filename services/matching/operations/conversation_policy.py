"""Conversation policy owns what a company wants done with its conversations, and how that is changed."""

from services.matching.domain.conversation_resolution import ConversationPolicy
from services.matching.store import conversation_resolutions as store
from services.runtime.database import Transaction
from services.runtime.failures import EtagMismatch


def get_conversation_policy(tx: Transaction) -> ConversationPolicy:
    """Return what the company wants; what holds without a word where it never said anything."""
    return store.policy(tx)


def set_conversation_policy(tx: Transaction, automatic: bool | None, name_only: str, etag: str) -> ConversationPolicy:
    """Change what is given and keep the rest; it holds for conversations that wait too. Raises EtagMismatch."""
    store.lock_policy(tx)
    now = store.policy(tx)
    if etag and etag != now.etag:
        raise EtagMismatch("The policy changed since it was read; read it again.")
    store.set_policy(tx, now.automatic if automatic is None else automatic, name_only or now.name_only)
    return store.policy(tx)

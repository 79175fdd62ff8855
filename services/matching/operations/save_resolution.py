"""Save resolution owns what stays known of a conversation that was resolved, and the item for whoever must look."""

from dataclasses import replace

from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import CREATED, NAME_ONLY, NONE, Resolution
from services.matching.domain.customers_answers import Changed
from services.matching.domain.review_item import NAME_ALONE, SEVERAL_MATCHES, ItemEvidence
from services.matching.operations.follow_conversations import forget_conversations
from services.matching.operations.open_review_item import open_review_item, withdraw_review_item
from services.matching.store import conversation_resolutions, conversation_tasks
from services.runtime.database import Database, TenantScope, Transaction

_SETTLED = "RESOLVED"


def save_resolution(
    database: Database, scope: TenantScope, resolution: Resolution, before: Resolution | None
) -> Resolution:
    """Write what became of a conversation, and ask a person where one must look; it waits no longer.

    Raises Changed where another link was noted since `before` was read: two were at the same conversation.
    """
    with database.transaction(scope) as tx:
        if _link_of(_locked(tx, resolution.conversation_id)) != _link_of(before):
            raise Changed
        conversation_tasks.done(tx, resolution.conversation_id, resolution.epoch, resolution.revision)
        one = replace(resolution, resolved_by=scope.actor, review_item_id=_reviewed(tx, resolution))
        return replace(one, resolved_at=conversation_resolutions.save(tx, one))


def forget_resolution(database: Database, scope: TenantScope, conversation_id: str) -> None:
    """Forget a conversation that was deleted meanwhile: that may have been followed before it was written."""
    with database.transaction(scope) as tx:
        forget_conversations(tx, [conversation_id])


def note_created(
    database: Database, scope: TenantScope, conversation: Conversation, before: Resolution | None, customer_id: str
) -> None:
    """Keep whom a conversation has created before it is linked: should that fail, nobody is created again.

    `before` is what was known of the conversation when it was looked at.
    """
    first = Resolution(
        conversation.conversation_id, 0, conversation.epoch, "", CREATED, NONE, "Created; yet to be linked."
    )
    with database.transaction(scope) as tx:
        known = _locked(tx, conversation.conversation_id) or before or first
        conversation_resolutions.save(tx, replace(known, created_id=customer_id, resolved_by=scope.actor))


def _locked(tx: Transaction, conversation_id: str) -> Resolution | None:
    """Return what is known of a conversation by now, which nobody else changes before this transaction ends."""
    conversation_resolutions.lock(tx, conversation_id)
    return conversation_resolutions.of(tx, [conversation_id]).get(conversation_id)


def _link_of(known: Resolution | None) -> tuple[str, str]:
    return (known.linked_id, known.link_time) if known else ("", "")


def _reviewed(tx: Transaction, resolution: Resolution) -> str:
    """Return the id of the item that asks a person; one that is not needed any more is taken back."""
    named = tuple(one for one in (resolution.customer_id, *resolution.candidates) if one)
    if not (resolution.needs_review and named):
        withdraw_review_item(tx, resolution.conversation_id, _SETTLED)
        return ""
    cause = NAME_ALONE if resolution.matched_by == NAME_ONLY else SEVERAL_MATCHES
    evidence = ItemEvidence(resolution.confidence, resolution.weight or 0.0, resolution.model_version)
    return open_review_item(tx, resolution.conversation_id, named, cause, evidence)

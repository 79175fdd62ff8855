"""Save resolution owns what stays known of conversations that were resolved, and the items for whoever must look."""

from collections.abc import Sequence
from dataclasses import replace

from services.matching.domain.conversation_resolution import NAME_ONLY, NONE, SKIPPED, Resolution
from services.matching.domain.customers_answers import Changed
from services.matching.domain.review_item import NAME_ALONE, SEVERAL_MATCHES, ItemEvidence, NewItem
from services.matching.operations.follow_conversations import forget_conversations
from services.matching.operations.open_review_items import conversation_item, open_review_items, withdraw_review_items
from services.matching.store import conversation_resolutions, conversation_tasks
from services.runtime.database import Database, TenantScope, Transaction

_SETTLED = "RESOLVED"
NOTHING_KNOWN = Resolution("", 0, "", "", SKIPPED, NONE, "")
Made = tuple[Resolution, Resolution | None]
"""What became of a conversation, and what was known of it when it was looked at."""


def save_resolution(
    database: Database, scope: TenantScope, resolution: Resolution, before: Resolution | None
) -> Resolution:
    """Write what became of a conversation, and ask a person where one must look; it waits no longer.

    Raises Changed where another link, or what a person decided, was noted since `before` was read: somebody else was
    at the same conversation.
    """
    [saved] = save_resolutions(database, scope, [(resolution, before)])
    if saved is None:
        raise Changed
    return saved


def save_resolutions(database: Database, scope: TenantScope, made: Sequence[Made]) -> list[Resolution | None]:
    """Do so for conversations that are all different; None for each that somebody else was at meanwhile."""
    if not made:
        return []
    with database.transaction(scope) as tx:
        known = _locked(tx, [one.conversation_id for one, _ in made])
        fresh = [one for one, before in made if _standing(known.get(one.conversation_id)) == _standing(before)]
        saved = _saved(tx, fresh, scope.actor)
    return [saved.get(one.conversation_id) for one, _ in made]


def _saved(tx: Transaction, resolutions: Sequence[Resolution], actor: str) -> dict[str, Resolution]:
    conversation_tasks.done(tx, resolutions)
    settled = [one.conversation_id for one in resolutions if not _asks(one)]
    withdraw_review_items(tx, settled, _SETTLED)
    items = open_review_items(tx, [_item(one) for one in resolutions if _asks(one)])
    whole = [replace(one, resolved_by=actor, review_item_id=items.get(one.conversation_id, "")) for one in resolutions]
    times = conversation_resolutions.save(tx, whole)
    return {one.conversation_id: replace(one, resolved_at=times[one.conversation_id]) for one in whole}


def forget_resolution(database: Database, scope: TenantScope, conversation_id: str) -> None:
    """Forget a conversation that was deleted meanwhile: that may have been followed before it was written."""
    with database.transaction(scope) as tx:
        forget_conversations(tx, [conversation_id])


def _locked(tx: Transaction, conversation_ids: Sequence[str]) -> dict[str, Resolution]:
    """Return what is known of conversations by now, which nobody else changes before this transaction ends."""
    conversation_resolutions.lock(tx, conversation_ids)
    return conversation_resolutions.of(tx, conversation_ids)


def _standing(known: Resolution | None) -> tuple[object, ...]:
    return (known or NOTHING_KNOWN).standing


def _asked_about(resolution: Resolution) -> tuple[str, ...]:
    """Return the customers that a person is asked about; none where nobody is asked."""
    named = (resolution.customer_id, *resolution.candidates) if resolution.needs_review else ()
    return tuple(one for one in named if one)


def _asks(resolution: Resolution) -> bool:
    """Return whether a person is asked: about somebody, or who it is of whom nothing but a name is known."""
    return resolution.needs_review and (resolution.matched_by == NAME_ONLY or bool(_asked_about(resolution)))


def _item(resolution: Resolution) -> NewItem:
    """Return the item that asks a person."""
    cause = NAME_ALONE if resolution.matched_by == NAME_ONLY else SEVERAL_MATCHES
    evidence = ItemEvidence(resolution.confidence, resolution.weight or 0.0, resolution.model_version)
    return conversation_item(resolution.conversation_id, _asked_about(resolution), cause, evidence)

"""Conversation backlog owns the conversations that wait to be resolved by themselves: those due, and what follows."""

from dataclasses import replace

from services.matching.domain.conversation import Conversation, Waiting
from services.matching.domain.conversation_resolution import CREATED, SKIPPED
from services.matching.operations.resolution_case import Customers
from services.matching.operations.resolve_conversation import Resolving, resolve_conversation
from services.matching.operations.save_resolution import forget_resolution
from services.matching.store import conversation_resolutions, conversation_tasks
from services.runtime.database import Database, TenantScope

MOST_ATTEMPTS = 8
SHORTEST_PAUSE_S = 0.25
ACTOR = "matching"


def due(upkeep: Database, limit: int) -> list[Waiting]:
    """Return what is to be done now, of all companies, the longest due first."""
    return conversation_tasks.due(upkeep, limit)


def resolve_task(resolving: Resolving, customers: Customers, task: Waiting) -> None:
    """Resolve a conversation that waits, unless that was done or is not wanted any more."""
    scope, conversation = TenantScope(task.company_id, actor=ACTOR), task.conversation
    with resolving.database.transaction(scope, read_only=True) as tx:
        before = conversation_resolutions.of(tx, [conversation.conversation_id]).get(conversation.conversation_id)
        automatic = conversation_resolutions.policy(tx).automatic
    if task.again and (automatic or (before is not None and before.decided_for(before.digest))):
        _resolve_again(resolving, customers, scope, conversation)
    elif automatic and (before is None or before.digest != conversation.digest):
        resolve_conversation(resolving, customers, scope, conversation)
    with resolving.database.transaction(scope) as tx:
        conversation_tasks.done(tx, [conversation])


def _resolve_again(resolving: Resolving, customers: Customers, scope: TenantScope, conversation: Conversation) -> None:
    """Resolve a conversation whose customers have changed, unless they are gone: that makes nobody anew."""
    if not customers.is_there(conversation.conversation_id):
        forget_resolution(resolving.database, scope, conversation.conversation_id)
        return
    now = replace(customers.conversation(conversation.conversation_id), epoch=conversation.epoch)
    tried = resolve_conversation(resolving, customers, scope, now, dry_run=True)
    if tried.resolution.outcome not in (CREATED, SKIPPED):
        resolve_conversation(resolving, customers, scope, now)


def try_later(database: Database, task: Waiting, error: Exception) -> bool:
    """Let a conversation that could not be resolved wait, longer each time; in the end it is put aside: true then."""
    tried = task.attempts + 1
    parked = tried >= MOST_ATTEMPTS
    with database.transaction(TenantScope(task.company_id, actor=ACTOR)) as tx:
        failure = f"{type(error).__name__}: {error}"
        conversation_tasks.try_later(tx, task, SHORTEST_PAUSE_S * 2**tried, failure, counts=True, park=parked)
    return parked

"""Conversation backlog owns the conversations that wait to be resolved by themselves: those due, and what follows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.matching.domain.conversation import Conversation, Waiting
from services.matching.domain.conversation_resolution import CREATED, SKIPPED, Resolution
from services.matching.operations.resolution_case import Customers
from services.matching.operations.resolve_conversation import Resolving, resolve_conversation
from services.matching.operations.resolve_conversations import ManyCustomers, resolve_conversations
from services.matching.operations.save_resolution import forget_resolution
from services.matching.store import conversation_resolutions, conversation_tasks
from services.runtime.database import Database, TenantScope

A_PART = 100
MOST_ATTEMPTS = 8
SHORTEST_PAUSE_S = 0.25
ACTOR = "matching"


def due(upkeep: Database, limit: int) -> list[Waiting]:
    """Return what is to be done now, of all companies, the longest due first."""
    return conversation_tasks.due(upkeep, limit)


def parts_of(tasks: Iterable[Waiting]) -> list[list[Waiting]]:
    """Return what is to be done in parts of one company each, A_PART at the most."""
    of_company: dict[str, list[Waiting]] = {}
    for task in tasks:
        of_company.setdefault(task.company_id, []).append(task)
    return [mine[place : place + A_PART] for mine in of_company.values() for place in range(0, len(mine), A_PART)]


def resolve_together(resolving: Resolving, customers: ManyCustomers, part: Sequence[Waiting]) -> list[Waiting]:
    """Resolve those of a company's conversations that are plain; gives the others, each to be resolved by itself.

    One that was tried before, or waits again, is never plain. Raises what fails for all of them.
    """
    scope = TenantScope(part[0].company_id, actor=ACTOR)
    new = {task.conversation.conversation_id: task.conversation for task in part if not (task.again or task.attempts)}
    with resolving.database.transaction(scope, read_only=True) as tx:
        before = conversation_resolutions.of(tx, new)
        automatic = conversation_resolutions.policy(tx).automatic
    wanted = [one for key, one in new.items() if automatic and _says_something_new(one, before.get(key))]
    made = resolve_conversations(resolving, customers, scope, wanted)
    left = {one.conversation_id for one, what in zip(wanted, made, strict=True) if what is None}
    with resolving.database.transaction(scope) as tx:
        conversation_tasks.done(tx, [one for key, one in new.items() if key not in left])
    return [task for task in part if task.again or task.attempts or task.conversation.conversation_id in left]


def _says_something_new(conversation: Conversation, before: Resolution | None) -> bool:
    return before is None or before.digest != conversation.digest


def resolve_task(resolving: Resolving, customers: Customers, task: Waiting) -> None:
    """Resolve a conversation that waits, unless that was done or is not wanted any more."""
    scope, conversation = TenantScope(task.company_id, actor=ACTOR), task.conversation
    with resolving.database.transaction(scope, read_only=True) as tx:
        before = conversation_resolutions.of(tx, [conversation.conversation_id]).get(conversation.conversation_id)
        automatic = conversation_resolutions.policy(tx).automatic
    if task.again and (automatic or (before is not None and before.decided_for(before.digest))):
        _resolve_again(resolving, customers, scope, conversation)
    elif automatic and _says_something_new(conversation, before):
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

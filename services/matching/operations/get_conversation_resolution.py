"""Get conversation resolution owns what is known of resolved conversations: of one, and how many there are."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.matching.domain.conversation_resolution import Resolution
from services.matching.domain.failures import conversation_not_found
from services.matching.store import conversation_resolutions, conversation_tasks
from services.matching.store.conversation_tasks import Backlog
from services.runtime.database import Transaction
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class Known:
    """What became of a conversation last, and whether it waits or was put aside."""

    resolution: Resolution | None
    pending: bool
    parked: bool
    parked_because: str


def get_conversation_resolution(tx: Transaction, conversation_id: str) -> Known:
    """Return what is known of a conversation. Raises ConversationNotFound."""
    if not is_id(conversation_id):
        raise conversation_not_found(conversation_id)
    waits = conversation_tasks.state_of(tx, conversation_id)  # first: what waits no longer has been written down
    found = conversation_resolutions.of(tx, [conversation_id]).get(conversation_id.lower())
    if found is None and waits is None:
        raise conversation_not_found(conversation_id)
    parked, why = waits or (False, "")
    return Known(found, waits is not None and not parked, parked, why)


def count_conversations(tx: Transaction) -> tuple[Mapping[str, int], Backlog]:
    """Return how many conversations had each outcome, and how many wait."""
    return conversation_resolutions.counts(tx), conversation_tasks.backlog(tx)

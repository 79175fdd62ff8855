"""Resolution case owns a conversation in hand: what is known of it, and what is asked of customers for it."""

from dataclasses import dataclass
from typing import Protocol

from services.matching.domain.conversation import Conversation, Given
from services.matching.domain.conversation_decision import Decision
from services.matching.domain.conversation_resolution import ConversationPolicy, Resolution
from services.matching.domain.conversation_search import Search, Standing
from services.matching.domain.customer_filling import CustomerNow, Filling
from services.matching.domain.customers_answers import Linked, Taken


class Fills(Protocol):
    """What adds to customers."""

    def fill(self, customer: CustomerNow, filling: Filling, conversation: Conversation, request_id: str) -> CustomerNow:
        """Add to a customer that is as it was read. Raises Changed, Taken, Gone, Full, Refused."""


class Customers(Fills, Protocol):
    """What is asked of the customers service; each call raises what the module of answers names, or that it failed."""

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation as it is now."""

    def is_there(self, conversation_id: str) -> bool:
        """Return whether there is such a conversation now."""

    def customer(self, customer_id: str) -> CustomerNow:
        """Return a customer as it is now: its root. Raises Gone."""

    def link_new(self, conversation: Conversation) -> tuple[Linked, str]:
        """Link a conversation that is as it was read to a customer that is created with the link of what was given.

        Gives the link and a change token. Raises Changed, Taken, Refused.
        """

    def link(self, conversation: Conversation, customer_id: str, request_id: str) -> tuple[Conversation, str]:
        """Link a conversation that is as it was read; gives it and a change token. Raises Changed, Gone, Refused."""


@dataclass(frozen=True)
class Resolved:
    """What became of a conversation, its customer after that, and the token of what was written last."""

    resolution: Resolution
    customer: CustomerNow | None = None
    change_token: str = ""


@dataclass(frozen=True)
class Known:
    """What is known here of a conversation before it is resolved."""

    policy: ConversationPolicy
    before: Resolution | None
    standing: Standing
    accept: int
    reject: int
    apart: frozenset[str] = frozenset()
    """The roots that a person has said it is not with."""


@dataclass(frozen=True)
class Case:
    """A conversation in hand."""

    conversation: Conversation
    given: Given
    known: Known
    search: Search
    region: str
    model_version: str
    dry_run: bool

    def hits(self, taken: Taken) -> list[tuple[str, str]]:
        """Return who has the e-mail or the phone, but for those that a person has said it is not with."""
        return [one for one in taken.hits if one[0] not in self.known.apart]

    @property
    def is_behind(self) -> bool:
        """Return whether a later state of the conversation was resolved meanwhile; trying one writes nothing."""
        before = self.known.before
        return not self.dry_run and before is not None and before.revision > self.conversation.revision


def resolution_of(case: Case, decision: Decision, outcome: str) -> Resolution:
    """Return what became of a conversation as far as the decision says; a link that was made before stays known."""
    before, left_out = case.known.before, case.given.left_out
    odd = f" What was given as {' and '.join(left_out)} is none." if left_out else ""
    return Resolution(
        case.conversation.conversation_id,
        case.conversation.revision,
        case.conversation.epoch,
        case.conversation.digest,
        outcome,
        decision.matched_by,
        decision.why + odd,
        decision.customer_id,
        decision.confidence,
        decision.weight,
        candidates=tuple(one for one in decision.candidates if one != decision.customer_id),
        needs_review=decision.needs_review,
        linked_id=before.linked_id if before else "",
        link_time=before.link_time if before else "",
        model_version=case.model_version,
    )

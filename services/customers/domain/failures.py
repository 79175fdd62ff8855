"""What can be wrong with a call on customers, beyond what every service knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.runtime.failures import Code, Failure, PreconditionViolation


@dataclass(frozen=True, slots=True)
class DuplicateHit:
    """An existing customer that has the same key: its root's id and the kind of the key, EMAIL or PHONE."""

    customer_id: str
    key_kind: str


class CustomerNotFound(Failure):
    """No customer of this company has the id."""

    code = Code.NOT_FOUND
    reason = "CUSTOMER_NOT_FOUND"

    def __init__(self, customer_id: str) -> None:
        super().__init__("There is no customer with this id.", metadata={"customer_id": customer_id[:64]})


class CustomerDeleted(Failure):
    """The customer is deleted."""

    code = Code.FAILED_PRECONDITION
    reason = "CUSTOMER_DELETED"

    def __init__(self, customer_id: str) -> None:
        super().__init__("The customer is deleted.", metadata={"customer_id": customer_id})


class NotOwnRecord(Failure):
    """The caller may change only what it created, and another one created the record."""

    code = Code.PERMISSION_DENIED
    reason = "NOT_OWN_RECORD"

    def __init__(self, customer_id: str) -> None:
        text = "The token lets its bearer change only what it created. Ask for a token with the scope customers:write."
        super().__init__(text, metadata={"customer_id": customer_id, "scope": "customers:write"})


class ActiveJobs(Failure):
    """Engagements of the customer stand against its deletion."""

    code = Code.FAILED_PRECONDITION
    reason = "ACTIVE_JOBS"

    def __init__(self, customer_id: str, blocking: Sequence[PreconditionViolation]) -> None:
        text = (
            f"{len(blocking)} engagements of the customer are not over. End them first, or force the deletion, "
            "which takes the scope customers:force."
        )
        super().__init__(text, metadata={"customer_id": customer_id}, preconditions=blocking)


class DuplicateCustomer(Failure):
    """Other customers have the same e-mail or phone."""

    code = Code.ALREADY_EXISTS
    reason = "DUPLICATE_CUSTOMER"

    def __init__(self, hits: Sequence[DuplicateHit]) -> None:
        ids = ", ".join(dict.fromkeys(hit.customer_id for hit in hits))
        super().__init__(f"A customer with the same e-mail or phone exists: {ids}.", metadata={"customer_ids": ids})
        self.hits = tuple(hits)


class MergeNotFound(Failure):
    """No merge of this company has the id."""

    code = Code.NOT_FOUND
    reason = "MERGE_NOT_FOUND"

    def __init__(self, merge_id: str) -> None:
        super().__init__("There is no merge with this id.", metadata={"merge_id": merge_id[:64]})


class SelfMerge(Failure):
    """A customer is named as source and target."""

    code = Code.FAILED_PRECONDITION
    reason = "SELF_MERGE"

    def __init__(self, customer_id: str) -> None:
        super().__init__("A customer cannot be merged with itself.", metadata={"customer_id": customer_id})


class AlreadyMerged(Failure):
    """A named customer is merged into another one."""

    code = Code.FAILED_PRECONDITION
    reason = "ALREADY_MERGED"

    def __init__(self, customer_id: str, root_id: str) -> None:
        super().__init__(
            f"Customer {customer_id} is already merged into {root_id}.",
            metadata={"customer_id": customer_id, "merged_into": root_id},
        )


class TreeTooLarge(Failure):
    """The merged customer would be larger than a message or a transaction should be."""

    code = Code.FAILED_PRECONDITION
    reason = "TREE_TOO_LARGE"

    def __init__(self, members: int, size: int | None = None) -> None:
        shows = f" and show {size} bytes" if size is not None else ""
        super().__init__(
            f"The merged customer would have {members} members{shows}. Merge fewer customers.",
            metadata={"members": str(members), **({"bytes": str(size)} if size is not None else {})},
        )


class MergeAlreadyUndone(Failure):
    """The merge was undone before."""

    code = Code.FAILED_PRECONDITION
    reason = "MERGE_ALREADY_UNDONE"

    def __init__(self, merge_id: str) -> None:
        super().__init__("The merge was undone before.", metadata={"merge_id": merge_id})


class PreviewStale(Failure):
    """A customer is not as the caller saw it; `previewed`: or something else that a preview showed is not."""

    code = Code.ABORTED
    reason = "PREVIEW_STALE"

    def __init__(self, customer_id: str, *, previewed: bool = False) -> None:
        text = "A customer changed since it was looked at; look again."
        if previewed:
            text = (
                "This is not what was previewed: a customer, its merges, or the company's policy changed since, or "
                "the merge names other customers, rules or choices. Preview it again."
            )
        super().__init__(text, metadata={"customer_id": customer_id})


class NoteNotFound(Failure):
    """No note of this company has the id, or it is deleted."""

    code = Code.NOT_FOUND
    reason = "NOTE_NOT_FOUND"

    def __init__(self, note_id: str) -> None:
        super().__init__("There is no note with this id.", metadata={"note_id": note_id[:64]})


class ActivityNotFound(Failure):
    """No activity of this company has the id, or it is deleted."""

    code = Code.NOT_FOUND
    reason = "ACTIVITY_NOT_FOUND"

    def __init__(self, activity_id: str) -> None:
        super().__init__("There is no activity with this id.", metadata={"activity_id": activity_id[:64]})


class EngagementNotFound(Failure):
    """No engagement of this company has the id, or it is deleted."""

    code = Code.NOT_FOUND
    reason = "ENGAGEMENT_NOT_FOUND"

    def __init__(self, engagement_id: str) -> None:
        super().__init__("There is no engagement with this id.", metadata={"engagement_id": engagement_id[:64]})


class WrittenBySystem(Failure):
    """The service wrote the thing by itself, so nobody changes what it says."""

    code = Code.FAILED_PRECONDITION
    reason = "WRITTEN_BY_SYSTEM"

    def __init__(self, kind: str, child_id: str) -> None:
        text = f"The {kind} was written by the service itself. It can be deleted, not changed."
        super().__init__(text, metadata={f"{kind}_id": child_id})


class EngagementTransition(Failure):
    """The status of an engagement does not follow the one that it has."""

    code = Code.FAILED_PRECONDITION
    reason = "ENGAGEMENT_TRANSITION"

    def __init__(self, kind: str, status: str, wanted: str, allowed: Sequence[str]) -> None:
        text = (
            f"A {kind} that is {status} cannot become {wanted}; it can become {', '.join(allowed) or 'nothing else'}."
        )
        super().__init__(text, metadata={"from": status, "to": wanted, "allowed": ",".join(allowed)})


class ConversationNotFound(Failure):
    """No conversation of this company has the id or the session."""

    code = Code.NOT_FOUND
    reason = "CONVERSATION_NOT_FOUND"

    def __init__(self, named: str) -> None:
        super().__init__("There is no such conversation.", metadata={"conversation": named[:64]})


class ConversationConflict(Failure):
    """The session is recorded with another customer, or an interaction with other words."""

    code = Code.ALREADY_EXISTS
    reason = "CONVERSATION_CONFLICT"


class ConversationTooLarge(Failure):
    """The conversation would have more interactions or characters than one may have."""

    code = Code.FAILED_PRECONDITION
    reason = "CONVERSATION_TOO_LARGE"

    def __init__(self, conversation_id: str, interactions: int, characters: int) -> None:
        super().__init__(
            f"The conversation would have {interactions} interactions of {characters} characters. "
            "Record what follows under a new session.",
            metadata={"conversation_id": conversation_id},
        )


class ConversationOrphaned(Failure):
    """The conversation is linked to nobody."""

    code = Code.FAILED_PRECONDITION
    reason = "CONVERSATION_ORPHANED"

    def __init__(self, conversation_id: str) -> None:
        text = "The conversation is linked to no customer. Link it first."
        super().__init__(text, metadata={"conversation_id": conversation_id})

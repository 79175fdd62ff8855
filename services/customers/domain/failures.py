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

    def __init__(self, members: int, size: int) -> None:
        super().__init__(
            f"The merged customer would have {members} members and show {size} bytes. Merge fewer customers.",
            metadata={"members": str(members), "bytes": str(size)},
        )


class MergeAlreadyUndone(Failure):
    """The merge was undone before."""

    code = Code.FAILED_PRECONDITION
    reason = "MERGE_ALREADY_UNDONE"

    def __init__(self, merge_id: str) -> None:
        super().__init__("The merge was undone before.", metadata={"merge_id": merge_id})


class PreviewStale(Failure):
    """A customer is not as the caller saw it."""

    code = Code.ABORTED
    reason = "PREVIEW_STALE"

    def __init__(self, customer_id: str) -> None:
        super().__init__(
            "A customer changed since it was looked at; look again.", metadata={"customer_id": customer_id}
        )

"""Failures owns what can be true of customers, scans and merges when a call to matching fails."""

from collections.abc import Sequence

from services.matching.domain.judgement import Judgement
from services.runtime.failures import Code, Failure

_MOST_NAMED = 20


class CustomerNotFound(Failure):
    """No customer of this company has the id."""

    code = Code.NOT_FOUND
    reason = "CUSTOMER_NOT_FOUND"


class ScanNotFound(Failure):
    """No scan of this company has the id."""

    code = Code.NOT_FOUND
    reason = "SCAN_NOT_FOUND"


class ScanEnded(Failure):
    """The scan has ended and cannot be cancelled."""

    code = Code.FAILED_PRECONDITION
    reason = "SCAN_ENDED"


class ScanRequired(Failure):
    """No scan has ended by the policy that holds."""

    code = Code.FAILED_PRECONDITION
    reason = "SCAN_REQUIRED"


class GroupNotFound(Failure):
    """No listed group of this company has the id."""

    code = Code.NOT_FOUND
    reason = "GROUP_NOT_FOUND"


class PolicyNotFound(Failure):
    """The company has no policy of this version."""

    code = Code.NOT_FOUND
    reason = "POLICY_NOT_FOUND"


class JudgementNotFound(Failure):
    """No judgement of this company has the id."""

    code = Code.NOT_FOUND
    reason = "JUDGEMENT_NOT_FOUND"


class ConversationNotFound(Failure):
    """No conversation of this company that was heard of has the id."""

    code = Code.NOT_FOUND
    reason = "CONVERSATION_NOT_FOUND"


class JudgedDifferent(Failure):
    """Customers that would become one were judged to be different."""

    code = Code.FAILED_PRECONDITION
    reason = "JUDGED_DIFFERENT"


def judged_different(against: Sequence[Judgement]) -> JudgedDifferent:
    """The failure of what judgements stand against; they are named."""
    ids = ", ".join(one.judgement_id for one in against[:_MOST_NAMED])
    text = f"{len(against)} judgements say that these customers are different: {ids}. Retract or override them by name."
    return JudgedDifferent(text, metadata={"judgement_ids": ids})


def judgement_not_found(judgement_id: str) -> JudgementNotFound:
    """The one answer for judgements that are unknown, of another company, or no ids at all."""
    text = f"There is no judgement {judgement_id[:64]!r}. Check the id."
    return JudgementNotFound(text, metadata={"judgement_id": judgement_id[:64]})


class JudgedSame(Failure):
    """Customers that would be judged different are one by other judgements."""

    code = Code.FAILED_PRECONDITION
    reason = "JUDGED_SAME"


def judged_same(against: Sequence[str]) -> JudgedSame:
    """The failure of what judgements join two that are said to be different; they are named by id."""
    ids = ", ".join(against[:_MOST_NAMED])
    text = (
        f"{len(against)} judgements together say that these customers are the same: {ids}. Retract one of them first."
    )
    return JudgedSame(text, metadata={"judgement_ids": ids})


class ReviewItemNotFound(Failure):
    """No review item of this company has the id."""

    code = Code.NOT_FOUND
    reason = "REVIEW_ITEM_NOT_FOUND"


class ReviewItemClosed(Failure):
    """The review item does not wait any more."""

    code = Code.FAILED_PRECONDITION
    reason = "REVIEW_ITEM_CLOSED"


class ResolutionUnfit(Failure):
    """The review item cannot be decided this way."""

    code = Code.FAILED_PRECONDITION
    reason = "RESOLUTION_UNFIT"


def review_item_not_found(item_id: str) -> ReviewItemNotFound:
    """The one answer for items that are unknown, of another company, or no ids at all."""
    text = f"There is no review item {item_id[:64]!r}. Check the id."
    return ReviewItemNotFound(text, metadata={"item_id": item_id[:64]})


def review_item_closed(item_id: str, state: str, outcome: str) -> ReviewItemClosed:
    """The failure of a decision that comes after another one, or after the item has answered itself."""
    text = f"The item is {state}: {outcome}. Read it anew with GetReviewItem."
    return ReviewItemClosed(text, metadata={"item_id": item_id, "state": state, "outcome": outcome})


class PreviewRequired(Failure):
    """The merge was not previewed."""

    code = Code.FAILED_PRECONDITION
    reason = "PREVIEW_REQUIRED"


def preview_required() -> PreviewRequired:
    """The failure of a merge that is bound to no preview and does not say that it may go without."""
    text = "Call PreviewMerge and send its preview_token, or set allow_unpreviewed to merge without a look."
    return PreviewRequired(text)


def customer_not_found(customer_id: str) -> CustomerNotFound:
    """The one answer for ids that are unknown, of another company, deleted, or no ids at all."""
    text = f"There is no customer {customer_id[:64]!r}. Check the id."
    return CustomerNotFound(text, metadata={"customer_id": customer_id[:64]})


def conversation_not_found(conversation_id: str) -> ConversationNotFound:
    """The one answer for conversations that are unknown, of another company, or were never resolved and do not wait."""
    text = f"Nothing is known of a conversation {conversation_id[:64]!r}. Check the id."
    return ConversationNotFound(text, metadata={"conversation_id": conversation_id[:64]})


def scan_not_found(scan_id: str) -> ScanNotFound:
    """The one answer for scans that are unknown, of another company, or no ids at all."""
    return ScanNotFound(f"There is no scan {scan_id[:64]!r}. Check the id.", metadata={"scan_id": scan_id[:64]})


def scan_required() -> ScanRequired:
    """The failure of what needs a scan by the policy that holds now."""
    return ScanRequired("No scan has ended by the policy that holds now. Call ScanDuplicates, and wait for its end.")


def group_not_found(group_id: str) -> GroupNotFound:
    """The one answer for groups that are unknown, of another company, not listed any more, or no ids at all."""
    text = f"There is no group {group_id[:64]!r}. List the groups anew: they change as customers do."
    return GroupNotFound(text, metadata={"group_id": group_id[:64]})


def policy_not_found(version: str) -> PolicyNotFound:
    """The one answer for versions that are unknown, or of another company."""
    return PolicyNotFound(
        f"There is no policy {version[:64]!r}. Check the version.", metadata={"version": version[:64]}
    )

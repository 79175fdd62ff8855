"""Conversation questions owns the checks of what is asked about conversations; each bad field is named."""

from patronage.customers.v1 import conversation_service_pb2 as talk
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.matching.convert.questions import time_asked
from services.matching.domain.conversation_resolution import ResolutionsAsked
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.ids import is_id

DEFAULT_BATCH = 100
MOST_IN_BATCH = 500
_ACTION = "NAME_ONLY_ACTION_"
_OUTCOME = "RESOLUTION_OUTCOME_"


def sync_asked(request: pb.SyncConversationRequest) -> ChangeToken | None:
    """Return what must have been followed before."""
    check = FieldCheck()
    subject = request.WhichOneof("subject")
    named = request.conversation_id if subject == "conversation_id" else subject
    check.require(named, "conversation_id", "or a conversation is required")
    if subject == "conversation":
        check.require(request.conversation.session_id, "conversation.session_id", "is required")
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return token


def orphans_asked(request: pb.SyncOrphanedConversationsRequest) -> int:
    """Return how many conversations a message has at the most."""
    check = FieldCheck()
    check.require(0 <= request.batch_size <= MOST_IN_BATCH, "batch_size", f"must be between 0 and {MOST_IN_BATCH}")
    check.require(request.limit >= 0, "limit", "must not be negative")
    check.raise_if_any()
    return request.batch_size or DEFAULT_BATCH


def orphans_page(
    request: pb.SyncOrphanedConversationsRequest, size: int, page_token: str
) -> talk.ListOrphanedConversationsRequest:
    """Return the question for the next orphans."""
    page = talk.ListOrphanedConversationsRequest(page_size=size, page_token=page_token)
    for name in ("started_from", "started_before"):
        if request.HasField(name):
            getattr(page, name).CopyFrom(getattr(request, name))
    return page


def resolution_asked(request: pb.GetConversationResolutionRequest) -> ChangeToken | None:
    """Return what must have been followed before."""
    check = FieldCheck()
    check.require(request.conversation_id, "conversation_id", "is required")
    token = ChangeToken.asked(request.at_least_as_fresh, check)
    check.raise_if_any()
    return token


def resolutions_asked(request: pb.ListConversationResolutionsRequest) -> ResolutionsAsked:
    """Return which resolutions are asked for; FieldsInvalid names every bad field."""
    check = FieldCheck()
    run_id = request.resolved_by_request_id.lower()
    check.require(not run_id or is_id(run_id), "resolved_by_request_id", "is no UUID")
    check.require(request.outcome in pb.ResolutionOutcome.values(), "outcome", "is no such outcome")
    start = time_asked(check, request.resolved_from, "resolved_from") if request.HasField("resolved_from") else None
    end = time_asked(check, request.resolved_before, "resolved_before") if request.HasField("resolved_before") else None
    check.raise_if_any()
    outcome = pb.ResolutionOutcome.Name(request.outcome).removeprefix(_OUTCOME) if request.outcome else ""
    return ResolutionsAsked(
        run_id, start.isoformat() if start else "-infinity", end.isoformat() if end else "infinity", outcome
    )


def policy_asked(request: pb.SetConversationPolicyRequest) -> tuple[bool | None, str]:
    """Return whether to resolve by itself and what to do with a name alone; None and empty: as it is."""
    check = FieldCheck()
    check.require(request.name_only in pb.NameOnlyAction.values(), "name_only", "is no such action")
    check.raise_if_any()
    action = pb.NameOnlyAction.Name(request.name_only).removeprefix(_ACTION) if request.name_only else ""
    return (request.automatic if request.HasField("automatic") else None), action

"""MatchingService: conversations that find their customer."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol, TypedDict

import grpc

from patronage.customers.v1 import conversation_pb2, customer_pb2
from patronage.customers.v1 import conversation_service_pb2 as talk
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.matching.convert import conversation_questions as questions
from services.matching.convert import conversations as convert
from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import ERROR, NONE, Resolution
from services.matching.domain.customer_filling import CustomerNow
from services.matching.domain.customers_answers import Gone
from services.matching.operations.conversation_policy import get_conversation_policy, set_conversation_policy
from services.matching.operations.get_conversation_resolution import count_conversations, get_conversation_resolution
from services.matching.operations.list_conversation_resolutions import list_conversation_resolutions
from services.matching.operations.resolution_case import Customers, Resolved
from services.matching.operations.resolve_conversation import Resolving, resolve_conversation
from services.matching.operations.resolve_conversations import ManyCustomers, resolve_conversations
from services.runtime.access import require_scope
from services.runtime.caller import caller_of
from services.runtime.database import TenantScope, Transaction
from services.runtime.edge import Edge, M, Once
from services.runtime.failures import Failure, RequestInProgress, ShuttingDown, TokenExpired
from services.runtime.paging import page_size
from services.runtime.streams import end_of
from services.runtime.waiting import FollowedChanges, tried_in_a_moment

AT_ONCE = 4


class CallersCustomers(Customers, ManyCustomers, Protocol):
    """The customers service as a caller uses it."""

    def recorded(self, message: conversation_pb2.Conversation) -> conversation_pb2.Conversation | None:
        """Return what is recorded of a session, None for a new one. Fails where `record` would."""

    def record(self, message: conversation_pb2.Conversation) -> conversation_pb2.Conversation:
        """Record a conversation."""

    def orphans(self, request: talk.ListOrphanedConversationsRequest) -> talk.ListOrphanedConversationsResponse:
        """Return a page of the conversations that are linked to nobody."""


@dataclass(frozen=True, slots=True)
class Talking:
    """What the calls about conversations need; `customers_of` gives the calls on behalf of the caller of a context."""

    resolving: Resolving
    followed: FollowedChanges
    customers_of: Callable[[Any], CallersCustomers]


class Named(TypedDict):
    """Whether only to say what would be done, and the request id of the call, by the names of the operations."""

    dry_run: bool
    run_id: str


class _NobodyWaits(Exception):  # noqa: N818 - a name of what is true
    """The caller of a stream has gone."""


class _NotYet(Exception):  # noqa: N818 - a name of what is true
    """The request was not answered before."""


class Conversations:
    """Finds or makes the customers of conversations, as the caller."""

    _edge: Edge
    _talking: Talking

    def SyncConversation(self, request: pb.SyncConversationRequest, context: Any) -> pb.SyncConversationResponse:  # noqa: N802
        """Finds or makes the customer of one conversation."""
        token = questions.sync_asked(request)
        _require_customers(context, write=not request.dry_run)
        self._talking.followed.wait(token, context)
        once = None if request.dry_run else Once.of(request)
        if once and (answered := self._answered(context, once, pb.SyncConversationResponse)) is not None:
            return answered
        calls, scope = self._talking.customers_of(context), caller_of(context).scope()
        conversation = _named(calls, request)
        named: Named = {"dry_run": request.dry_run, "run_id": request.request_id.lower()}
        done = resolve_conversation(self._talking.resolving, calls, scope, conversation, **named)
        return self._keep(context, once, _response(calls, done, conversation), pb.SyncConversationResponse)

    def SyncOrphanedConversations(  # noqa: N802
        self, request: pb.SyncOrphanedConversationsRequest, context: Any
    ) -> Iterator[pb.SyncOrphanedConversationsResponse]:
        """Finds or makes the customers of all orphans, part by part."""
        size = questions.orphans_asked(request)
        _require_customers(context, write=not request.dry_run)
        once = None if request.dry_run else Once.of(request)
        counts, token, number, end = Counter[str](), request.resume_token, 0, end_of(context)
        with ThreadPoolExecutor(AT_ONCE, "orphans") as pool:
            while not end.is_set():
                left = request.limit - counts.total() if request.limit else size
                part = once and once.part(number)
                page = questions.orphans_page(request, min(size, left), token)
                named: Named = {"dry_run": request.dry_run, "run_id": request.request_id.lower()}
                response = self._part(context, part, page, counts, pool, named)
                counts, token, number = Counter(convert.counts_of(response.counts)), response.resume_token, number + 1
                if not token or counts.total() == request.limit:
                    response.resume_token = token
                    yield response
                    return
                yield response
        if end.draining:
            text = "The service is being stopped. What it has answered is done; go on by resume_token or request_id."
            raise ShuttingDown(text, retry_after=1.0)

    def GetConversationResolution(  # noqa: N802
        self, request: pb.GetConversationResolutionRequest, context: Any
    ) -> pb.GetConversationResolutionResponse:
        """Reads what became of a conversation."""
        self._talking.followed.wait(questions.resolution_asked(request), context)

        def run(tx: Transaction) -> pb.GetConversationResolutionResponse:
            known = get_conversation_resolution(tx, request.conversation_id)
            return pb.GetConversationResolutionResponse(
                resolution=convert.resolution_message(known.resolution) if known.resolution else None,
                pending=known.pending,
                parked=known.parked,
                parked_because=known.parked_because,
            )

        return self._edge.read(context, run)

    def ListConversationResolutions(  # noqa: N802
        self, request: pb.ListConversationResolutionsRequest, context: Any
    ) -> pb.ListConversationResolutionsResponse:
        """Lists what became of conversations."""
        asked, size = questions.resolutions_asked(request), page_size(request.page_size)

        def run(tx: Transaction) -> pb.ListConversationResolutionsResponse:
            page = list_conversation_resolutions(tx, asked, size, request.page_token)
            return pb.ListConversationResolutionsResponse(
                resolutions=[convert.resolution_message(one) for one in page.resolutions],
                next_page_token=page.next_page_token,
            )

        return self._edge.read(context, run)

    def GetConversationResolutionStats(  # noqa: N802
        self, request: pb.GetConversationResolutionStatsRequest, context: Any
    ) -> pb.GetConversationResolutionStatsResponse:
        """Counts conversations."""

        def run(tx: Transaction) -> pb.GetConversationResolutionStatsResponse:
            counts, backlog = count_conversations(tx)
            return pb.GetConversationResolutionStatsResponse(
                counts=convert.counts_message(counts),
                pending=backlog.pending,
                parked=backlog.parked,
                refused=backlog.refused,
            )

        return self._edge.read(context, run)

    def GetConversationPolicy(  # noqa: N802
        self, request: pb.GetConversationPolicyRequest, context: Any
    ) -> pb.GetConversationPolicyResponse:
        """Reads what is done with conversations."""

        def run(tx: Transaction) -> pb.GetConversationPolicyResponse:
            policy = get_conversation_policy(tx)
            return pb.GetConversationPolicyResponse(policy=convert.policy_message(policy), etag=policy.etag)

        return self._edge.read(context, run)

    def SetConversationPolicy(  # noqa: N802
        self, request: pb.SetConversationPolicyRequest, context: Any
    ) -> pb.SetConversationPolicyResponse:
        """Changes what is done with conversations."""
        automatic, name_only = questions.policy_asked(request)

        def run(tx: Transaction) -> pb.SetConversationPolicyResponse:
            policy = set_conversation_policy(tx, automatic, name_only, request.etag)
            return pb.SetConversationPolicyResponse(policy=convert.policy_message(policy), etag=policy.etag)

        return self._edge.write(context, request, run)

    def _part(
        self,
        context: Any,
        once: Once | None,
        asked: talk.ListOrphanedConversationsRequest,
        before: Counter[str],
        pool: ThreadPoolExecutor,
        named: Named,
    ) -> pb.SyncOrphanedConversationsResponse:
        """Resolve the next orphans, or answer for them as before."""
        if once and (answered := self._answered(context, once, pb.SyncOrphanedConversationsResponse)) is not None:
            return answered
        calls, scope = self._talking.customers_of(context), caller_of(context).scope()
        end = end_of(context)
        try:
            conversations, resume_token = self._orphans(context, once, calls, asked)
            plain = resolve_conversations(self._talking.resolving, calls, scope, conversations, **named)

            def resolve(conversation: Conversation, done: Resolved | None) -> Resolved:
                if done is not None:
                    return done
                if end.is_set() and not end.draining:
                    raise _NobodyWaits
                return _outcome(self._talking.resolving, calls, scope, conversation, named)

            done = list(pool.map(resolve, conversations, plain))
        except _NobodyWaits:
            return pb.SyncOrphanedConversationsResponse()
        except grpc.RpcError as error:
            _say_that_the_token_has_expired(error)
        response = pb.SyncOrphanedConversationsResponse(
            resolutions=[convert.resolution_message(one.resolution) for one in done],
            counts=convert.counts_message(before + Counter(one.resolution.outcome for one in done)),
            resume_token=resume_token,
            change_token=next((one.change_token for one in reversed(done) if one.change_token), ""),
        )
        return self._keep(context, once, response, pb.SyncOrphanedConversationsResponse)

    def _orphans(
        self, context: Any, once: Once | None, calls: CallersCustomers, asked: talk.ListOrphanedConversationsRequest
    ) -> tuple[list[Conversation], str]:
        """The next orphans, and the token after them. Of a part that broke off it is those that it was about, by ids
        alone: customers may have linked them, and they would be told of no more."""
        told = once and once.part("orphans")
        kept = told and self._answered(context, told, pb.SyncOrphanedConversationsResponse)
        if not kept:
            page = calls.orphans(asked)
            ids = [pb.ConversationResolution(conversation_id=one.conversation_id) for one in page.conversations]
            listed = pb.SyncOrphanedConversationsResponse(resolutions=ids, resume_token=page.next_page_token)
            kept = self._keep(context, told, listed, pb.SyncOrphanedConversationsResponse)
            if kept == listed:
                return [convert.conversation_of(one) for one in page.conversations], page.next_page_token
        there = [one.conversation_id for one in kept.resolutions if calls.is_there(one.conversation_id)]
        return [calls.conversation(one) for one in there], kept.resume_token

    def _answered(self, context: Any, once: Once, response_type: type[M]) -> M | None:
        """What was answered to the request before; None where it was not. The work itself calls another service, so it
        cannot be done in the transaction that tells."""

        def run(_: Transaction) -> M:
            raise _NotYet

        try:
            return self._once(context, once, run, response_type)
        except _NotYet:
            return None

    def _keep(self, context: Any, once: Once | None, response: M, response_type: type[M]) -> M:
        return self._once(context, once, lambda _: response, response_type) if once else response

    def _once(self, context: Any, once: Once, run: Callable[[Transaction], M], response_type: type[M]) -> M:
        """As the edge does; a twin, such as a call that broke off and has not noticed yet, is waited for a moment."""
        return tried_in_a_moment(
            lambda: self._edge.write_once(context, once, run, response_type),
            lambda error: isinstance(error, RequestInProgress),
        )


def _named(calls: CallersCustomers, request: pb.SyncConversationRequest) -> Conversation:
    """Return the conversation that a request is about, recorded where it was not; of a dry run as it would be."""
    if request.WhichOneof("subject") == "conversation_id":
        return calls.conversation(request.conversation_id)
    if not request.dry_run:
        return convert.conversation_of(calls.record(request.conversation))
    given, recorded = convert.conversation_of(request.conversation), calls.recorded(request.conversation)
    there = convert.conversation_of(recorded) if recorded else Conversation("", given.session_id)
    return there.with_given(given)


def _response(calls: Customers, done: Resolved, conversation: Conversation) -> pb.SyncConversationResponse:
    found = done.customer or _created(calls, done.resolution)
    customer = found.message if found else None
    assert customer is None or isinstance(customer, customer_pb2.Customer)
    linked = bool(conversation.origin_id) or done.resolution.outcome in ("CREATED", "UPDATED", "FOUND_EXISTING")
    return pb.SyncConversationResponse(
        resolution=convert.resolution_message(done.resolution),
        customer=customer,
        linked=linked,
        change_token=done.change_token,
    )


def _created(calls: Customers, resolution: Resolution) -> CustomerNow | None:
    """Return the customer that was created with the link, unless it is gone by now."""
    try:
        return calls.customer(resolution.customer_id) if resolution.created_id and resolution.customer_id else None
    except Gone:
        return None


def _outcome(
    resolving: Resolving, calls: Customers, scope: TenantScope, conversation: Conversation, named: Named
) -> Resolved:
    """Resolve one of many: what fails for it alone is its outcome."""
    try:
        return resolve_conversation(resolving, calls, scope, conversation, **named)
    except Failure as failure:
        failed = Resolution(
            conversation.conversation_id, conversation.revision, "", conversation.digest, ERROR, NONE, failure.message
        )
        return Resolved(replace(failed, error_reason=failure.reason))


def _require_customers(context: Any, *, write: bool) -> None:
    """Refuse a token that may not do in customers what follows."""
    caller = caller_of(context)
    require_scope(caller, "customers:read")
    if write:
        require_scope(caller, "customers:write")


def _say_that_the_token_has_expired(error: grpc.RpcError) -> NoReturn:
    """Raise what a caller can do something about where a long stream has outlived its token."""
    if isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNAUTHENTICATED:
        text = "The token expired while the conversations were resolved. Go on with a new one."
        raise TokenExpired(text) from error
    raise error

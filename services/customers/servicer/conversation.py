"""ConversationService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import conversation_batch_pb2 as batch_pb
from patronage.customers.v1 import conversation_service_pb2 as pb
from patronage.customers.v1 import conversation_service_pb2_grpc as grpc_pb
from services.customers.convert import conversation as convert
from services.customers.convert import conversation_links as batch
from services.customers.operations.append_to_conversation import append_to_conversation
from services.customers.operations.batch_link_conversations import WantedLink, batch_link_conversations
from services.customers.operations.check_conversation import check_conversation
from services.customers.operations.delete_conversation import delete_conversation
from services.customers.operations.get_conversation import get_conversation
from services.customers.operations.get_conversation_metrics import get_conversation_metrics
from services.customers.operations.link_conversation import link_conversation
from services.customers.operations.list_conversations import (
    Span,
    list_conversation_summaries,
    list_conversations,
    list_orphaned_conversations,
)
from services.customers.operations.record_conversation import record_conversation
from services.customers.operations.summarize_conversation import summarize_conversation
from services.customers.operations.unlink_conversation import unlink_conversation
from services.customers.operations.verify_conversation_metrics import verify_conversation_metrics
from services.runtime.database import Transaction
from services.runtime.edge import Edge, Once
from services.runtime.failures import FieldViolation


class ConversationServicer(grpc_pb.ConversationServiceServicer):
    """The conversations of the caller's company."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def RecordConversation(self, request: pb.RecordConversationRequest, context: Any) -> pb.RecordConversationResponse:  # noqa: N802
        """Records a conversation."""
        wrong: list[FieldViolation] = []
        draft = convert.draft_of(request.conversation, wrong)
        source = convert.link_source(request.link_source)

        def run(tx: Transaction) -> pb.RecordConversationResponse:
            recorded = record_conversation(tx, draft, request.customer_id, source, wrong)
            return pb.RecordConversationResponse(
                conversation=convert.conversation_message(recorded.shown),
                created=recorded.created,
                change_token=recorded.token.encode(),
            )

        return self._edge.write(context, request, run)

    def CheckConversation(  # noqa: N802
        self, request: batch_pb.CheckConversationRequest, context: Any
    ) -> batch_pb.CheckConversationResponse:
        """Says whether a conversation could be recorded."""
        wrong: list[FieldViolation] = []
        draft = convert.draft_of(request.conversation, wrong)

        def run(tx: Transaction) -> batch_pb.CheckConversationResponse:
            there = check_conversation(tx, draft, wrong)
            recorded = convert.conversation_message(there, whole=False) if there else None
            return batch_pb.CheckConversationResponse(recorded=recorded)

        return self._edge.read(context, run)

    def AppendToConversation(  # noqa: N802
        self, request: pb.AppendToConversationRequest, context: Any
    ) -> pb.AppendToConversationResponse:
        """Adds interactions."""
        wrong: list[FieldViolation] = []
        turns = convert.interactions_of(request.interactions, "interactions", wrong)

        def run(tx: Transaction) -> pb.AppendToConversationResponse:
            written = append_to_conversation(tx, request.conversation_id, turns, wrong)
            message = convert.conversation_message(written.shown)
            return pb.AppendToConversationResponse(conversation=message, change_token=written.token.encode())

        return self._edge.write(context, request, run)

    def GetConversation(self, request: pb.GetConversationRequest, context: Any) -> pb.GetConversationResponse:  # noqa: N802
        """Reads one conversation."""

        def run(tx: Transaction) -> pb.GetConversationResponse:
            shown = get_conversation(tx, request.conversation_id, request.session_id)
            return pb.GetConversationResponse(conversation=convert.conversation_message(shown))

        return self._edge.read(context, run)

    def ListConversations(self, request: pb.ListConversationsRequest, context: Any) -> pb.ListConversationsResponse:  # noqa: N802
        """Lists conversations of a customer or of the company."""
        span, whole = Span(*convert.span_of(request)), request.include_interactions

        def run(tx: Transaction) -> pb.ListConversationsResponse:
            page = list_conversations(
                tx,
                request.customer_id,
                span,
                whole=whole,
                page_size=request.page_size,
                page_token=request.page_token,
            )
            messages = [convert.conversation_message(shown) for shown in page.conversations]
            return pb.ListConversationsResponse(conversations=messages, next_page_token=page.next_page_token)

        return self._edge.read(context, run)

    def ListOrphanedConversations(  # noqa: N802
        self, request: pb.ListOrphanedConversationsRequest, context: Any
    ) -> pb.ListOrphanedConversationsResponse:
        """Lists conversations that are linked to nobody."""
        span, whole = Span(*convert.span_of(request)), request.include_interactions

        def run(tx: Transaction) -> pb.ListOrphanedConversationsResponse:
            page = list_orphaned_conversations(
                tx, span, whole=whole, page_size=request.page_size, page_token=request.page_token
            )
            messages = [convert.conversation_message(shown) for shown in page.conversations]
            return pb.ListOrphanedConversationsResponse(conversations=messages, next_page_token=page.next_page_token)

        return self._edge.read(context, run)

    def LinkConversation(self, request: pb.LinkConversationRequest, context: Any) -> pb.LinkConversationResponse:  # noqa: N802
        """Links a conversation to a customer."""
        source = convert.link_source(request.link_source)

        def run(tx: Transaction) -> pb.LinkConversationResponse:
            written = link_conversation(tx, request.conversation_id, request.customer_id, source, request.etag)
            message = convert.conversation_message(written.shown, whole=False)
            return pb.LinkConversationResponse(conversation=message, change_token=written.token.encode())

        return self._edge.write(context, request, run)

    def BatchLinkConversations(  # noqa: N802
        self, request: batch_pb.BatchLinkConversationsRequest, context: Any
    ) -> batch_pb.BatchLinkConversationsResponse:
        """Links many conversations."""
        source = convert.link_source(request.link_source)
        wanted = [WantedLink(**one) for one in batch.wanted_of(request)]

        def run(tx: Transaction) -> batch_pb.BatchLinkConversationsResponse:
            outcomes, token = batch_link_conversations(tx, wanted, source)
            return batch_pb.BatchLinkConversationsResponse(
                outcomes=batch.outcome_messages(outcomes), change_token=token.encode()
            )

        return self._edge.write_in_bulk(context, Once.of(request), run, batch_pb.BatchLinkConversationsResponse)

    def UnlinkConversation(self, request: pb.UnlinkConversationRequest, context: Any) -> pb.UnlinkConversationResponse:  # noqa: N802
        """Takes a conversation from its customer."""

        def run(tx: Transaction) -> pb.UnlinkConversationResponse:
            written = unlink_conversation(tx, request.conversation_id, request.etag)
            message = convert.conversation_message(written.shown, whole=False)
            return pb.UnlinkConversationResponse(conversation=message, change_token=written.token.encode())

        return self._edge.write(context, request, run)

    def DeleteConversation(self, request: pb.DeleteConversationRequest, context: Any) -> pb.DeleteConversationResponse:  # noqa: N802
        """Deletes a conversation."""

        def run(tx: Transaction) -> pb.DeleteConversationResponse:
            token = delete_conversation(tx, request.conversation_id, request.etag)
            return pb.DeleteConversationResponse(change_token=token.encode())

        return self._edge.write(context, request, run)

    def SummarizeConversation(  # noqa: N802
        self, request: pb.SummarizeConversationRequest, context: Any
    ) -> pb.SummarizeConversationResponse:
        """Writes a summary and topics."""

        def run(tx: Transaction) -> pb.SummarizeConversationResponse:
            done = summarize_conversation(
                tx,
                request.conversation_id,
                request.summary,
                list(request.topics),
                write_note=request.write_note,
                etag=request.etag,
            )
            message = convert.conversation_message(done.shown, whole=False)
            return pb.SummarizeConversationResponse(
                conversation=message, note_id=done.note_id, change_token=done.token.encode()
            )

        return self._edge.write(context, request, run)

    def ListConversationSummaries(  # noqa: N802
        self, request: pb.ListConversationSummariesRequest, context: Any
    ) -> pb.ListConversationSummariesResponse:
        """Lists summaries."""

        def run(tx: Transaction) -> pb.ListConversationSummariesResponse:
            page = list_conversation_summaries(
                tx, request.customer_id, page_size=request.page_size, page_token=request.page_token
            )
            messages = [convert.summary_message(shown) for shown in page.conversations]
            return pb.ListConversationSummariesResponse(summaries=messages, next_page_token=page.next_page_token)

        return self._edge.read(context, run)

    def GetConversationMetrics(  # noqa: N802
        self, request: pb.GetConversationMetricsRequest, context: Any
    ) -> pb.GetConversationMetricsResponse:
        """Reads the figures of a customer."""

        def run(tx: Transaction) -> pb.GetConversationMetricsResponse:
            root_id, metrics = get_conversation_metrics(tx, request.customer_id)
            return pb.GetConversationMetricsResponse(customer_id=root_id, metrics=convert.metrics_message(metrics))

        return self._edge.read(context, run)

    def VerifyConversationMetrics(  # noqa: N802
        self, request: pb.VerifyConversationMetricsRequest, context: Any
    ) -> pb.VerifyConversationMetricsResponse:
        """Counts again."""

        def run(tx: Transaction) -> pb.VerifyConversationMetricsResponse:
            verified = verify_conversation_metrics(tx, request.page_size, request.page_token)
            drifts = [
                pb.ConversationMetricsDrift(
                    customer_id=drift.customer_id,
                    kept=convert.metrics_message(drift.kept),
                    counted=convert.metrics_message(drift.counted),
                )
                for drift in verified.drifts
            ]
            return pb.VerifyConversationMetricsResponse(
                checked=verified.checked, drifts=drifts, next_page_token=verified.next_page_token
            )

        return self._edge.read(context, run)

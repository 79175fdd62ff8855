"""What a company does with its conversations, by the operations themselves, and the recount that proves its figures."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.customers.domain.conversation import GIVEN_FIELDS, ConversationDraft, Interaction
from services.customers.domain.conversation_metrics import ConversationMetrics
from services.customers.operations.append_to_conversation import append_to_conversation
from services.customers.operations.conversation_writing import Shown
from services.customers.operations.delete_conversation import delete_conversation
from services.customers.operations.get_conversation import get_conversation
from services.customers.operations.get_conversation_metrics import get_conversation_metrics
from services.customers.operations.link_conversation import link_conversation
from services.customers.operations.list_conversations import (
    ConversationPage,
    Span,
    list_conversation_summaries,
    list_conversations,
    list_orphaned_conversations,
)
from services.customers.operations.record_conversation import Recorded, record_conversation
from services.customers.operations.summarize_conversation import Summarized, summarize_conversation
from services.customers.operations.unlink_conversation import unlink_conversation
from services.customers.operations.verify_conversation_metrics import Verified, verify_conversation_metrics
from tests.integration.customers.company import Company

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOWN_FIGURES = """
SELECT c.customer_id::text, c.total_conversations, c.last_interaction_time::text,
       count(t.conversation_id) AS conversations, coalesce(max(t.last_at), '-infinity')::text AS last_at
  FROM customers AS c
  JOIN customers AS member ON member.company_id = c.company_id
       AND (member.root_id = c.customer_id OR member.customer_id = c.customer_id)
  LEFT JOIN conversations AS t ON t.company_id = c.company_id AND t.origin_customer_id = member.customer_id
 WHERE c.company_id = app_company() GROUP BY 1, 2, 3
"""


def minute(number: int) -> datetime:
    """A time some minutes after the start of all conversations."""
    return START + timedelta(minutes=number)


def turn(
    asked: str = "", answered: str = "", *, number: int = 0, at: datetime | None = None, summary: str = ""
) -> Interaction:
    """An interaction."""
    return Interaction(number, {"user_input": asked, "ai_response": answered, "interaction_summary": summary}, at)


@dataclass(frozen=True)
class Talks:
    """Short names for what a company does with its conversations, each in a transaction of its own."""

    company: Company

    def recorded(
        self, session: str, *turns: Interaction, customer: str = "", source: str = "", at: Any = None, **given: str
    ) -> Recorded:
        known = {**dict.fromkeys(GIVEN_FIELDS, ""), **given}
        draft = ConversationDraft(session, known, at, turns)
        found: Recorded = self.company.write(lambda tx: record_conversation(tx, draft, customer, source))
        return found

    def record(self, session: str, *turns: Interaction, **more: Any) -> str:
        return str(self.recorded(session, *turns, **more).shown["conversation_id"])

    def append(self, conversation: str, *turns: Interaction) -> Shown:
        return self.company.write(lambda tx: append_to_conversation(tx, conversation, turns)).shown  # type: ignore[no-any-return]

    def get(self, conversation: str = "", session: str = "") -> Shown:
        with self.company.transaction() as tx:
            return get_conversation(tx, conversation, session)

    def link(self, conversation: str, customer: str, source: str = "", etag: str = "") -> Shown:
        return self.company.write(lambda tx: link_conversation(tx, conversation, customer, source, etag)).shown  # type: ignore[no-any-return]

    def unlink(self, conversation: str, etag: str = "") -> Shown:
        return self.company.write(lambda tx: unlink_conversation(tx, conversation, etag)).shown  # type: ignore[no-any-return]

    def delete(self, conversation: str, etag: str = "") -> None:
        self.company.write(lambda tx: delete_conversation(tx, conversation, etag))

    def summarize(
        self, conversation: str, summary: str = "", *topics: str, write_note: bool = False, etag: str = ""
    ) -> Summarized:
        found: Summarized = self.company.write(
            lambda tx: summarize_conversation(tx, conversation, summary, topics, write_note=write_note, etag=etag)
        )
        return found

    def page(
        self, customer: str = "", span: Span | None = None, *, size: int = 0, token: str = "", whole: bool = False
    ) -> ConversationPage:
        with self.company.transaction() as tx:
            return list_conversations(tx, customer, span or Span(), whole=whole, page_size=size, page_token=token)

    def of(self, customer: str = "", span: Span | None = None) -> list[str]:
        """The sessions of a customer's conversations."""
        return [shown["session_id"] for shown in self.page(customer, span).conversations]

    def orphans(self, span: Span | None = None, *, size: int = 0, token: str = "") -> ConversationPage:
        with self.company.transaction() as tx:
            return list_orphaned_conversations(tx, span or Span(), whole=False, page_size=size, page_token=token)

    def summaries(self, customer: str) -> ConversationPage:
        with self.company.transaction() as tx:
            return list_conversation_summaries(tx, customer, page_size=0, page_token="")

    def metrics(self, customer: str) -> ConversationMetrics:
        with self.company.transaction() as tx:
            return get_conversation_metrics(tx, customer)[1]

    def verified(self, size: int = 0, token: str = "") -> Verified:
        with self.company.transaction() as tx:
            return verify_conversation_metrics(tx, size, token)


def assert_figures_are_a_recount(company: Company) -> None:
    """What is kept of each customer, and what each row shows for lists, is what counting again gives."""
    verified = Talks(company).verified()
    assert verified.drifts == []
    assert not verified.next_page_token
    for row in company.rows(SHOWN_FIGURES):
        assert row["total_conversations"] == row["conversations"], row
        assert row["last_interaction_time"] == row["last_at"], row

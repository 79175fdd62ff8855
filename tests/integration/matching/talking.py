"""A company whose conversations go from the feed to what became of them, with customers in memory."""

from patronage.customers.v1 import change_feed_pb2 as feed
from patronage.customers.v1 import conversation_pb2
from services.matching.domain.conversation import Conversation, Waiting
from services.matching.domain.review_item import ItemsAsked, ReviewItem
from services.matching.follower.customers_feed import FOLLOWER
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.conversation_backlog import due, parts_of, resolve_task, resolve_together
from services.matching.operations.conversation_policy import set_conversation_policy
from services.matching.operations.get_conversation_resolution import (
    Known,
    get_conversation_resolution,
)
from services.matching.operations.list_review_items import list_review_items
from services.matching.operations.resolution_case import Resolved
from services.matching.operations.resolve_conversation import Resolving, resolve_conversation
from services.runtime.database import TenantScope
from tests.integration.matching.desk import Desk
from tests.integration.matching.people import ANN, Company, change

GIVEN = {"name": ANN["name"], "email": ANN["email"]}


class Talk:
    """A company's conversations, from the feed to what became of them."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.desk = Desk()
        database = company.database
        self.resolving = Resolving(database, company.search, CompanyRegions(database), company.key_cap, FOLLOWER)

    def known_customer(self, number: int, **fields: str) -> str:
        """A customer that the mirror knows too."""
        self.company.follow(change(number, 1, **fields))
        return self.desk.add(number, **fields)

    def feed(self, *conversations: Conversation, kind: int = feed.CHANGE_KIND_CONVERSATION_CHANGED) -> None:
        """What the feed says of conversations."""
        self.company.follow(*[conversation_change(one, kind) for one in conversations])

    def waiting(self) -> list[Waiting]:
        return due(self.company.upkeep, 100)

    def work(self) -> None:
        """Resolve what waits, as the worker does."""
        for part in parts_of(self.waiting()):
            for task in resolve_together(self.resolving, self.desk, part):
                resolve_task(self.resolving, self.desk, task)

    def sync(self, conversation: Conversation, *, dry_run: bool = False) -> Resolved:
        scope = TenantScope(self.company.company_id, actor="ann")
        now = self.desk.conversations[conversation.conversation_id]
        return resolve_conversation(self.resolving, self.desk, scope, now, dry_run=dry_run)

    def known(self, conversation: Conversation) -> Known:
        with self.company.database.transaction(self.company.scope, read_only=True) as tx:
            return get_conversation_resolution(tx, conversation.conversation_id)

    def outcome(self, conversation: Conversation) -> str:
        found = self.known(conversation).resolution
        return found.outcome if found else ""

    def linked_to(self, conversation: Conversation) -> str:
        return self.desk.conversations[conversation.conversation_id].origin_id

    def open_items(self) -> int:
        """How many conversations a person is asked about."""
        return int(self.company.value("SELECT count(*) FROM review_items WHERE state = 'OPEN'"))

    def item(self, conversation: Conversation) -> ReviewItem:
        """The item that asks about a conversation."""
        with self.company.database.transaction(self.company.scope, read_only=True) as tx:
            items = list_review_items(tx, ItemsAsked(), 100, "").items
        [found] = [one for one in items if one.conversation_id == conversation.conversation_id]
        return found

    def set_policy(self, automatic: bool | None = None, name_only: str = "") -> None:
        with self.company.database.transaction(self.company.scope) as tx:
            set_conversation_policy(tx, automatic, name_only, "")


def conversation_change(one: Conversation, kind: int) -> feed.Change:
    """What the feed says of a conversation."""
    message = conversation_pb2.Conversation(
        conversation_id=one.conversation_id,
        session_id=one.session_id,
        revision=one.revision,
        etag=one.etag,
        origin_customer_id=one.origin_id,
        customer_name=one.name,
        customer_email=one.email,
        customer_phone=one.phone,
        customer_address=one.address,
        deleted=one.deleted,
        unlinked_customer_id=one.taken_from,
    )
    if one.link_time:
        message.link_time.GetCurrentTime()
    return feed.Change(revision=one.revision, kind=kind, conversation=message)  # type: ignore[arg-type]

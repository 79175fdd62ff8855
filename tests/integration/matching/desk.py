"""The customers service as the resolving of conversations uses it, in memory: keys are held once."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from patronage.customers.v1 import customer_pb2
from services.identity.emails import normalize_email
from services.identity.phones import normalize_phone
from services.matching.convert.conversations import customer_now, new_customer, update
from services.matching.domain.conversation import Conversation
from services.matching.domain.customer_filling import CustomerNow, Filling
from services.matching.domain.customers_answers import Changed, Gone, LinkAnswer, Linked, Refused, Taken
from services.matching.operations.resolve_conversations import WantedLink
from tests.integration.matching.people import customer_id
from tests.integration.matching.people import customer_id as new_customer_id

_NORMAL: dict[int, Callable[[str], str]] = {1: normalize_email, 2: normalize_phone, 3: str.lower}


class Desk:
    """Customers and conversations; `fail` holds what the next call of a method raises."""

    def __init__(self) -> None:
        self.customers: dict[str, customer_pb2.Customer] = {}
        self.conversations: dict[str, Conversation] = {}
        self.fail: dict[str, list[Exception]] = {}
        self.calls: list[str] = []
        self._answers: dict[str, Any] = {}
        self._numbers = itertools.count(500)

    def add(self, number: int, **fields: Any) -> str:
        """A customer that is there already."""
        customer = customer_pb2.Customer(customer_id=customer_id(number), etag="e1", name=fields.pop("name", ""))
        for kind, name in ((1, "email"), (2, "phone"), (3, "address")):
            if fields.get(name):
                customer.contact_points.add(kind=kind, value=fields[name])
        self.customers[customer.customer_id] = _normalized(customer)
        return customer.customer_id

    def record(self, number: int, **given: Any) -> Conversation:
        """A conversation as it is recorded, or changed by what is given now."""
        conversation_id = customer_id(9000 + number)
        before = self.conversations.get(conversation_id, Conversation(conversation_id, f"s{number}", epoch="e1"))
        revision = before.revision + 1
        now = replace(before, revision=revision, etag=f"r{revision}", **given)
        self.conversations[conversation_id] = now
        return now

    def by_hand(self, conversation: Conversation, to: str) -> Conversation:
        """A person links a conversation, or takes it away: '' then."""
        time = f"by hand {next(self._numbers)}" if to else ""
        return self.record_link(self.conversations[conversation.conversation_id], to, time)

    def record_link(self, conversation: Conversation, to: str, time: str) -> Conversation:
        revision, taken_from = conversation.revision + 1, "" if to else conversation.origin_id
        now = replace(
            conversation,
            revision=revision,
            etag=f"r{revision}",
            origin_id=to,
            link_time=time,
            taken_from=taken_from,
        )
        self.conversations[now.conversation_id] = now
        return now

    def conversation(self, conversation_id: str) -> Conversation:
        self._begin("conversation")
        return self.conversations[conversation_id]

    def is_there(self, conversation_id: str) -> bool:
        return conversation_id in self.conversations

    def customer(self, customer_id: str) -> CustomerNow:
        self._begin("customer")
        if customer_id not in self.customers:
            raise Gone(customer_id)
        return customer_now(self.customers[customer_id])

    def link_new(self, conversation: Conversation) -> tuple[Linked, str]:
        self._begin("link_new")
        there = self.conversations[conversation.conversation_id]
        if there.etag != conversation.etag:
            raise Changed
        return self._link(there, self._create(conversation)), "token"

    def _create(self, conversation: Conversation) -> str:
        self._begin("create")
        customer = _normalized(new_customer(conversation, conversation.given))
        self._refuse_taken(customer)
        customer.customer_id, customer.etag = new_customer_id(next(self._numbers)), "e1"
        self.customers[customer.customer_id] = customer
        return customer.customer_id

    def _link(self, conversation: Conversation, customer_id: str) -> Linked:
        after = self.record_link(conversation, customer_id, f"by resolver {next(self._numbers)}")
        return Linked(customer_id, after.revision, after.link_time)

    def fill(self, customer: CustomerNow, filling: Filling, conversation: Conversation, request_id: str) -> CustomerNow:
        self._begin("fill")
        there = self.customers[customer.customer_id]
        if there.etag != customer.etag:
            raise Changed
        wanted = update(customer, filling, conversation, request_id)
        kinds = {point.kind for point in wanted.customer.contact_points}
        kept = [point for point in there.contact_points if point.kind not in kinds]
        after = customer_pb2.Customer(customer_id=there.customer_id, name=wanted.customer.name or there.name)
        after.contact_points.extend([*kept, *wanted.customer.contact_points])
        after.etag = f"{there.etag}+"
        self._refuse_taken(_normalized(after))
        self.customers[after.customer_id] = after
        return customer_now(after, "token")

    def link(self, conversation: Conversation, customer_id: str, request_id: str) -> tuple[Conversation, str]:
        self._begin("link")
        if request_id in self._answers:
            return self._answers[request_id]  # type: ignore[no-any-return]
        there = self.conversations[conversation.conversation_id]
        if there.etag != conversation.etag:
            raise Changed
        self._answers[request_id] = self.record_link(there, customer_id, f"by resolver {next(self._numbers)}"), "token"
        return self._answers[request_id]  # type: ignore[no-any-return]

    def customers_now(self, customer_ids: Sequence[str]) -> dict[str, CustomerNow]:
        return {one: customer_now(self.customers[one]) for one in customer_ids if one in self.customers}

    def link_all(self, company_id: str, links: Sequence[WantedLink]) -> tuple[list[LinkAnswer], str]:
        self._begin("link_all")
        return [self._link_one(one) for one in links], "token"

    def _link_one(self, wanted: WantedLink) -> LinkAnswer:
        told = wanted.conversation
        now = self.conversations.get(told.conversation_id)
        if now is None or now.etag != told.etag:
            return None
        try:
            whom = wanted.customer_id or self._create(told)
        except Taken as taken:
            return taken
        except Refused as refused:
            self.fail["create"].insert(0, refused)  # by itself it is refused as well
            return None
        if whom not in self.customers:
            return None
        return self._link(now, whom)

    def _begin(self, method: str) -> None:
        self.calls.append(method)
        if self.fail.get(method):
            raise self.fail[method].pop(0)

    def _refuse_taken(self, customer: customer_pb2.Customer) -> None:
        kinds = {1: "EMAIL", 2: "PHONE"}
        keys = {(point.kind, point.normalized_value) for point in customer.contact_points if point.kind in kinds}
        hits = [
            (other.customer_id, kinds[point.kind])
            for other in self.customers.values()
            for point in other.contact_points
            if other.customer_id != customer.customer_id and (point.kind, point.normalized_value) in keys
        ]
        if hits:
            raise Taken(hits)


def _normalized(customer: customer_pb2.Customer) -> customer_pb2.Customer:
    for point in customer.contact_points:
        point.normalized_value = _NORMAL[point.kind](point.value)
    return customer

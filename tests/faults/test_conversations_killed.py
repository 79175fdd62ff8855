"""Services are killed while conversations find their customers: each is linked in the end, and nobody is made twice."""

import random
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from patronage.customers.v1 import conversation_pb2, listing_pb2
from patronage.customers.v1 import conversation_service_pb2 as talk
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.local.suite import POSTGRES
from tests.faults.company import Company, insist, start_together, until
from tests.faults.proofs import assert_conversations_are_fed_and_counted, assert_mirrors_agree, rows

PEOPLE = 30
CHATS_OF_EACH = 3
NAMES_ALONE = 10
ALL = PEOPLE * CHATS_OF_EACH + NAMES_ALONE
LINKED = """
SELECT c.view ->> 'name', c.customer_id::text FROM conversations AS t JOIN customers AS c USING (company_id)
 WHERE t.company_id = '{}' AND t.origin_customer_id = c.customer_id
"""


def conversations() -> list[conversation_pb2.Conversation]:
    """Several of each person, some under a name alone."""
    told = [
        conversation_pb2.Conversation(
            session_id=str(uuid.uuid4()), customer_name=f"Person {number}", customer_email=f"p{number}@example.com"
        )
        for number in range(PEOPLE)
        for _ in range(CHATS_OF_EACH)
    ]
    told += [
        conversation_pb2.Conversation(session_id=str(uuid.uuid4()), customer_name=f"Nameless {number}")
        for number in range(NAMES_ALONE)
    ]
    return told


def record_all(company: Company) -> None:
    stub = company.talks
    for one in conversations():
        insist(stub.RecordConversation, talk.RecordConversationRequest(conversation=one))


def stats(company: Company) -> pb.GetConversationResolutionStatsResponse:
    request = pb.GetConversationResolutionStatsRequest()
    return insist(company.matching.GetConversationResolutionStats, request)


def all_resolved(company: Company) -> bool:
    found = stats(company)
    assert not found.parked, found
    return found.counts.total == ALL and not found.pending


@pytest.mark.parametrize(
    "victims", [("matching",), ("customers",), ("matching", "customers"), (POSTGRES,)], ids="+".join
)
def test_every_conversation_has_its_one_customer_whatever_is_killed(
    company: Company, chance: random.Random, victims: tuple[str, ...]
) -> None:
    with ThreadPoolExecutor(1) as threads:
        recording = threads.submit(record_all, company)
        for _ in range(2):
            threading.Event().wait(chance.uniform(0.1, 0.6))  # where it strikes, not for anything to happen
            for victim in victims:
                company.suite.kill(victim)
            if POSTGRES in victims:
                company.suite.start(POSTGRES)
            else:
                start_together(company.suite, victims)
        recording.result()
    until(lambda: all_resolved(company), lambda: f"all conversations are resolved: {stats(company)}")
    linked = rows(company.suite, "customers", LINKED.format(company.id))
    chats_of = Counter(name for name, _ in linked)
    expected = {f"Person {number}": CHATS_OF_EACH for number in range(PEOPLE)}
    expected |= {f"Nameless {number}": 1 for number in range(NAMES_ALONE)}
    assert chats_of == expected
    assert len(set(linked)) == PEOPLE + NAMES_ALONE, "nobody was made twice"
    everybody = insist(company.customers.ListCustomers, listing_pb2.ListCustomersRequest(page_size=1000))
    assert len(everybody.customers) == PEOPLE + NAMES_ALONE, "nobody was made for nothing"
    assert_conversations_are_fed_and_counted(company)
    assert_mirrors_agree(company)

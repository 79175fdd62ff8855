"""Matching is killed after customers has linked some orphans and before it notes that: nothing is lost or undone."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from patronage.customers.v1 import conversation_service_pb2 as talk
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.client import UnavailableError
from services.matching.store import conversation_resolutions
from services.runtime.ids import new_id
from tests.faults.company import Company, until
from tests.faults.proofs import transaction
from tests.system.chatting import Chats

PEOPLE, A_PART = 6, 4


def test_a_part_that_was_linked_and_not_noted_is_told_of_where_the_call_is_repeated(company: Company) -> None:
    chats, ids, request_id = *chats_of(company), new_id()
    killed_before_the_first_part_is_noted(company, chats, ids, request_id)
    parts = until(lambda: again(chats, request_id), "matching is found again")
    assert sorted(one.conversation_id for part in parts for one in part.resolutions) == ids
    assert sorted(one.conversation_id for one in chats.listed(resolved_by_request_id=request_id)) == ids
    assert (orphans(chats), len(chats.customers()), parts[-1].counts.total) == (0, PEOPLE, PEOPLE)
    chats.close()


def test_what_a_person_takes_away_before_a_link_is_noted_is_linked_by_no_later_call(company: Company) -> None:
    chats, ids = chats_of(company)
    killed_before_the_first_part_is_noted(company, chats, ids)
    [taken, *_] = linked = [one for one in ids if chats.conversation(one).origin_customer_id]
    chats.unlink(taken)
    parts = until(lambda: again(chats), "matching is found again")
    left = {one.conversation_id: one.outcome for part in parts for one in part.resolutions}
    assert left.keys() == {*ids} - {*linked} | {taken}
    assert left[taken] == pb.RESOLUTION_OUTCOME_REVIEW
    assert not chats.conversation(taken).origin_customer_id
    assert (orphans(chats), len(chats.customers())) == (1, PEOPLE)
    chats.close()


def chats_of(company: Company) -> tuple[Chats, list[str]]:
    """A company whose conversations wait for a call, and the ids of six orphans."""
    chats = Chats(company.suite, company.id)
    chats.automatic(False)
    told = [chats.record(customer_name=f"P {n}", customer_email=f"p{n}@example.com") for n in range(PEOPLE)]
    return chats, sorted(one.conversation_id for one in told)


def killed_before_the_first_part_is_noted(company: Company, chats: Chats, ids: list[str], request_id: str = "") -> None:
    """Matching dies after customers has linked the first part of a call, whichever of the orphans are in it."""
    with ThreadPoolExecutor(1) as threads, transaction(company, "matching", "runtime") as noting:
        conversation_resolutions.lock(noting, ids)
        call = threads.submit(chats.sync_orphans, batch_size=A_PART, request_id=request_id)
        what = f"customers has linked {A_PART} of {PEOPLE} orphans, which lasts, since that cannot be noted"
        until(lambda: orphans(chats) == PEOPLE - A_PART, lambda: f"{what}; {orphans(chats)} left", at_work=[call])
        company.suite.kill("matching")
    with pytest.raises(UnavailableError):
        call.result()
    company.suite.start("matching")


def again(chats: Chats, request_id: str = "") -> list[pb.SyncOrphanedConversationsResponse]:
    try:
        return chats.sync_orphans(batch_size=A_PART, request_id=request_id)
    except UnavailableError:
        return []


def orphans(chats: Chats) -> int:
    asked = talk.ListOrphanedConversationsRequest()
    return len(chats.client.conversations.ListOrphanedConversations(asked).conversations)

"""Review items: the same question is the same item, whatever brings it up, and what was decided is kept."""

from collections.abc import Callable
from typing import TypeVar

from services.matching.domain.review_item import NAME_ALONE, SEVERAL_MATCHES, ItemEvidence
from services.matching.operations.open_review_items import conversation_item, open_review_items, withdraw_review_items
from services.runtime.database import Transaction
from services.runtime.ids import new_id
from tests.integration.matching.people import Company, customer_id

T = TypeVar("T")
CONVERSATION_ID = "01930000-0000-7000-8000-0000000000c1"


def write(company: Company, run: Callable[[Transaction], T]) -> T:
    with company.database.transaction(company.scope) as tx:
        return run(tx)


def opened(company: Company, *numbers: int, cause: str = NAME_ALONE, confidence: int = 0) -> str:
    customers, evidence = tuple(customer_id(one) for one in numbers), ItemEvidence(confidence)
    item = conversation_item(CONVERSATION_ID, customers, cause, evidence)
    return write(company, lambda tx: open_review_items(tx, [item])[CONVERSATION_ID])


def state_of(company: Company, item_id: str) -> str:
    return str(company.value("SELECT state || ' ' || outcome FROM review_items WHERE item_id = %s", (item_id,)))


def test_a_conversation_is_one_item_however_often_it_is_asked_about(company: Company) -> None:
    first = opened(company, 1)
    assert opened(company, 1, 2, cause=SEVERAL_MATCHES) == first
    assert company.value("SELECT count(*) FROM review_items") == 1
    assert company.value("SELECT count(*) FROM review_item_customers") == 2
    assert opened(company, 2) == first
    assert company.value("SELECT count(*) FROM review_item_customers") == 1


def test_an_item_that_nothing_has_changed_keeps_its_version(company: Company) -> None:
    item_id = opened(company, 1)
    opened(company, 1)
    assert company.value("SELECT version FROM review_items WHERE item_id = %s", (item_id,)) == 1
    opened(company, 1, 2)
    assert company.value("SELECT version FROM review_items WHERE item_id = %s", (item_id,)) == 2


def test_a_question_that_has_answered_itself_is_withdrawn_and_can_come_up_again(company: Company) -> None:
    item_id = opened(company, 1)
    write(company, lambda tx: withdraw_review_items(tx, [CONVERSATION_ID], "LINKED"))
    assert state_of(company, item_id) == "SUPERSEDED LINKED"
    write(company, lambda tx: withdraw_review_items(tx, [new_id()], "LINKED"))
    assert opened(company, 1) == item_id
    assert state_of(company, item_id) == "OPEN "


def test_items_of_another_company_are_others(company: Company, other_company: Company) -> None:
    assert opened(company, 1) != opened(other_company, 1)
    write(other_company, lambda tx: withdraw_review_items(tx, [CONVERSATION_ID], "LINKED"))
    assert company.value("SELECT count(*) FROM review_items WHERE state = 'OPEN'") == 1

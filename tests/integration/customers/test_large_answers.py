"""Answers about large customers and notes fit into one message, and pages together bring everything once."""

from typing import Any

import pytest

from patronage.customers.v1 import listing_pb2 as pb
from services.customers.convert.listing import page_message
from services.customers.domain.listing import Question
from services.customers.operations.create_note import create_note
from services.customers.operations.get_customer import batch_get_customers
from services.customers.operations.list_customers import list_customers
from services.customers.operations.list_notes import list_notes
from services.runtime.failures import FieldsInvalid
from services.runtime.paging import MOST_BYTES
from tests.integration.customers.company import Company

DATA = {"blob": "😀" * 4_000}
LARGEST_MESSAGE = 4 << 20
"""Bytes that a client takes unless it is told otherwise."""


def test_a_page_of_large_customers_is_shorter_than_asked_for(acme: Company) -> None:
    rows = [{"name": f"Ann {number}", "metadata": DATA} for number in range(250)]
    made = sorted(outcome.customer_id for outcome in acme.import_rows(*rows))
    listed: list[str] = []
    token, pages = "", 0
    while token or not pages:
        with acme.transaction() as tx:
            page = list_customers(tx, Question(), page_size=1000, page_token=token, skip=0, count_exactly=False)
        listed += [one.shown["customer_id"] for one in page.listed]
        assert sum(len(str(one.shown).encode()) for one in page.listed) < MOST_BYTES
        token, pages = page.next_page_token, pages + 1
    assert (listed, pages) == (made, 2)


@pytest.mark.parametrize("numbers", [[1] * 5_000, [[1]] * 3_000], ids=["flat", "nested"])
def test_a_page_of_customers_with_many_numbers_fits_into_a_message_too(acme: Company, numbers: list[Any]) -> None:
    acme.import_rows(*({"name": f"Ann {number}", "metadata": {"readings": numbers}} for number in range(100)))
    with acme.transaction() as tx:
        page = list_customers(tx, Question(), page_size=1000, page_token="", skip=0, count_exactly=False)
    message = page_message("acme", page, pb.CUSTOMER_LIST_VIEW_FULL)
    assert len(message.customers) > 20
    assert message.ByteSize() < LARGEST_MESSAGE


def test_a_page_of_long_notes_is_shorter_than_asked_for(acme: Company) -> None:
    ann = acme.create("Ann")
    with acme.transaction() as tx:
        for _ in range(500):
            create_note(tx, ann, {"content": "😀" * 2_000})
    with acme.transaction() as tx:
        first = list_notes(tx, ann, page_size=1000, page_token="")
        second = list_notes(tx, ann, page_size=1000, page_token=first.next_page_token)
    assert sum(len(note["content"].encode()) for note in first.children) < MOST_BYTES
    assert len({note["note_id"] for note in [*first.children, *second.children]}) == first.total_size == 500
    assert not second.next_page_token


def test_customers_that_are_larger_than_a_message_are_asked_for_in_parts(acme: Company) -> None:
    ann = acme.create("Ann", metadata=DATA)
    with acme.transaction() as tx:
        assert len(batch_get_customers(tx, [ann] * 100)[0]) == 100
        with pytest.raises(FieldsInvalid, match="customer_ids: are together larger"):
            batch_get_customers(tx, [ann] * 1000)

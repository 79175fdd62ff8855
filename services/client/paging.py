"""Paging owns going through a list to its end, whichever List method it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from google.protobuf.message import Message

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
T = TypeVar("T")


def pages(call: Callable[[Q], R], request: Q) -> Iterator[R]:
    """Each answer of a List method, from the page that the request asks for to the last one.

    For example `pages(client.customers.ListCustomers, ListCustomersRequest(page_size=500))`.
    """
    asked: Any = type(request)()
    asked.CopyFrom(request)
    while True:
        answer: Any = call(asked)
        yield answer
        if not answer.next_page_token:
            return
        asked.page_token = answer.next_page_token
        if "skip" in asked.DESCRIPTOR.fields_by_name:
            asked.skip = 0


def items(call: Callable[[Q], R], request: Q, of: Callable[[R], Iterable[T]]) -> Iterator[T]:
    """Each item of a list: `items(client.notes.ListNotes, request, lambda page: page.notes)`."""
    for page in pages(call, request):
        yield from of(page)

"""A customer as stored: the own record, the view and the columns that are searched and sorted by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from services.customers.domain import record
from services.customers.domain.contact_points import primary
from services.customers.domain.fields import Fields, Json
from services.customers.domain.fold import fold
from services.customers.domain.forest import Tree
from services.customers.domain.keys import Key, duplicate_keys, external_keys
from services.customers.domain.record import Actor, OwnRecord
from services.customers.domain.search_text import Label, labels, name_words, search_text
from services.customers.domain.view import View
from services.identity.names import name_sort

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """A row of `customers` as read."""

    customer_id: str
    root_id: str
    own: OwnRecord
    view: Fields
    etag: str
    revision: int
    state: str

    @property
    def shown(self) -> dict[str, Json]:
        """The view with what identifies it, as it is sent and fed."""
        return {**self.view, "customer_id": self.customer_id, "etag": self.etag, "revision": self.revision}


@dataclass(frozen=True, slots=True)
class CustomerWrite:
    """A row to write: new, or in the place of the one that was read under lock."""

    customer_id: str
    own: OwnRecord
    view: View
    before: StoredCustomer | None = None
    talked_at: str = ""
    """Of a new one that gets one conversation in the same transaction, the end of that; empty: it gets none."""

    after: StoredCustomer = field(init=False)
    """The row as it will be."""

    def __post_init__(self) -> None:
        view, revision = self.view, self.before.revision + 1 if self.before else 1
        after = StoredCustomer(self.customer_id, view.root_id, self.own, view.data, view.etag, revision, view.state)
        object.__setattr__(self, "after", after)

    def keys(self) -> tuple[set[Key], set[Key]]:
        """The duplicate keys to remove and to add."""
        return _difference(_keys_of(self.before), _keys_of(self.after))

    def external_ids(self) -> tuple[set[Key], set[Key]]:
        """The external ids to remove and to add, those of the own record."""
        return _difference(_external_ids_of(self.before), _external_ids_of(self.after))

    def labels(self) -> tuple[set[Label], set[Label]]:
        """The labels to remove and to add: folded tags and other systems, those of what is shown."""
        return _difference(_labels_of(self.before), _labels_of(self.after))

    def words(self) -> set[str]:
        """The words of its name that it had not before."""
        return name_words(self.after.view) - (name_words(self.before.view) if self.before else set())


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the timeline; `by`: who did it, where that is not the caller."""

    customer_id: str
    type: str
    data: Mapping[str, Json] = field(default_factory=dict)
    by: Actor | None = None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A change to announce of a customer that is written with it: what its row shows then goes along."""

    customer_id: str
    kind: str
    previous_stage: str = ""
    merge: Mapping[str, Json] | None = None


def stored(row: Mapping[str, Any]) -> StoredCustomer:
    """The customer of a row with the columns of `customers`."""
    return StoredCustomer(
        customer_id=row["customer_id"],
        root_id=row["root_id"],
        own=record.from_json(row["own"]),
        view=row["view"],
        etag=row["etag"],
        revision=row["revision"],
        state=row["state"],
    )


def sorted_columns(view: Mapping[str, Json]) -> dict[str, str]:
    """The columns that lists are sorted and searched by."""
    points = view.get("contact_points", [])
    email, phone = primary(points, "EMAIL"), primary(points, "PHONE")
    return {
        "name_sort": name_sort(view.get("name", "")),
        "email_sort": email["value"].casefold() if email else "",
        "phone_sort": phone["normalized_value"] if phone else "",
        "search_text": search_text(view),
    }


def _labels_of(customer: StoredCustomer | None) -> set[Label]:
    return labels(customer.view) if customer else set()


def _keys_of(customer: StoredCustomer | None) -> set[Key]:
    return duplicate_keys(customer.view, customer.state) if customer else set()


def _external_ids_of(customer: StoredCustomer | None) -> set[Key]:
    if customer is None:
        return set()
    alone = Tree(customer.customer_id, {customer.customer_id: customer.own})
    return external_keys(fold(alone))


def _difference(before: set[T], after: set[T]) -> tuple[set[T], set[T]]:
    return before - after, after - before

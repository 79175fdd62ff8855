"""What every change of a customer writes: the row, the view that folds it, a timeline event and a feed entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from services.customers.domain.fields import Fields, Json
from services.customers.domain.forest import Tree
from services.customers.domain.record import Actor, OwnRecord
from services.customers.domain.view import root_view, views
from services.customers.store import records
from services.customers.store.rows import CustomerWrite, Event, FeedEntry, StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import TenantScope, Transaction
from services.runtime.freshness import ChangeToken


@dataclass(slots=True)
class Writes:
    """Rows, events and feed entries that are written together."""

    rows: list[CustomerWrite] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    feed: list[FeedEntry] = field(default_factory=list)

    def store(self, tx: Transaction) -> ChangeToken:
        """Writes all of it, rows in the order of their ids, and gives the token of the transaction."""
        self.rows.sort(key=lambda row: row.customer_id)
        return records.write(tx, self.rows, self.events, self.feed)

    def create(self, customer_id: str, own: OwnRecord, talked_at: str = "") -> StoredCustomer:
        """A new customer; `talked_at` is the end of the one conversation that is linked to it at once, empty: none.

        The triggers keep its figures as they are kept of all, and find them right: the row is not written twice.
        """
        view = root_view(Tree(customer_id, {customer_id: own}))
        after = self._row(CustomerWrite(customer_id, own, view, talked_at=talked_at))
        self.events.append(Event(customer_id, "created"))
        self.feed.append(FeedEntry(customer_id, "CREATED"))
        return after

    def change(
        self,
        stored: StoredTree,
        member_id: str,
        own: OwnRecord,
        kind: str,
        event: str,
        data: Mapping[str, Json],
    ) -> StoredCustomer:
        """A new own record of a member of a tree; gives what the root shows then. Each row that changes is fed."""
        members = {**stored.tree.members, member_id: own}
        root, shown = stored.root, views(replace(stored.tree, members=members))
        upwards = [
            self._row(CustomerWrite(above, members[above], shown[above], stored.rows[above]))
            for above in stored.tree.path(member_id)
        ]
        after = upwards[-1]
        stage = root.view["lifecycle_stage"]
        staged = kind == "UPDATED" and after.view["lifecycle_stage"] != stage
        self.events += _events(Event(member_id, event, data), root.view, after.view)
        self.feed += [FeedEntry(merged.customer_id, "UPDATED") for merged in upwards[:-1]]
        self.feed.append(FeedEntry(after.customer_id, "STAGE_CHANGED" if staged else kind, stage if staged else ""))
        return after

    def _row(self, row: CustomerWrite) -> StoredCustomer:
        self.rows.append(row)
        return row.after


def _events(event: Event, before: Fields, after: Fields) -> list[Event]:
    """An event; those of an update told as what they are: tags by events of their own, the stage by the database."""
    if event.type != "updated":
        return [event]
    old, new = set(before.get("tags", ())), set(after.get("tags", ()))
    moved = {"tags"} if old != new else set[str]()
    moved |= {"lifecycle_stage"} if before["lifecycle_stage"] != after["lifecycle_stage"] else set()
    fields = [name for name in event.data.get("fields", ()) if name not in moved]
    updated = [replace(event, data={**event.data, "fields": fields})] if fields or not moved else []
    return [*updated, *tag_events(event.customer_id, old, new)]


def tag_events(customer_id: str, before: set[str], after: set[str]) -> list[Event]:
    """What the timeline says of other tags."""
    changes = (("tags_added", after - before), ("tags_removed", before - after))
    return [Event(customer_id, kind, {"tags": sorted(tags)}) for kind, tags in changes if tags]


def actor_of(scope: TenantScope, on_behalf_of: str = "", name: str = "") -> Actor:
    """Who did it as the record keeps it: the caller, or on whose behalf a service calls (the audit has the caller)."""
    return Actor(on_behalf_of, name) if on_behalf_of else Actor(scope.actor, scope.actor_name)


def utc_now() -> datetime:
    """The time of this process, for records that nobody else can have written yet."""
    return datetime.now(UTC)

"""Links many conversations to their customers, some created with the link: each wholly or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.customers.domain.conversation import check_link_source
from services.customers.domain.failures import ConversationNotFound, CustomerNotFound, DuplicateCustomer, DuplicateHit
from services.customers.domain.fields import Json
from services.customers.domain.keys import Key, duplicate_keys, external_keys
from services.customers.domain.record import OwnRecord
from services.customers.operations.conversation_writing import link_events, require_changeable
from services.customers.operations.create_customer import checked_record
from services.customers.operations.guard import require_writable
from services.customers.operations.link_conversation import DEFAULT_SOURCE
from services.customers.operations.writing import Writes, actor_of, utc_now
from services.customers.store import companies, conversation_links, duplicates, records, trees
from services.customers.store.conversation_links import Link
from services.customers.store.rows import Event
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import Failure, FieldCheck, FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id

MOST_LINKS = 100


@dataclass(frozen=True, slots=True)
class WantedLink:
    """A conversation, and its customer: one that there is, or the draft of a new one."""

    conversation_id: str
    etag: str = ""
    customer_id: str = ""
    draft: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a link: LINKED, CREATED, UNCHANGED, or FAILED with what forbade it."""

    conversation_id: str
    result: str
    customer_id: str = ""
    revision: int = 0
    linked_at: datetime | None = None
    failure: Failure | None = None


@dataclass(slots=True)
class _Pass:
    """What is known for the links of a call, and what they write."""

    tx: Transaction
    now: datetime
    conversations: Mapping[str, Mapping[str, Json]]
    trees: Mapping[str, StoredTree]
    holders: dict[Key, list[str]]
    writes: Writes = field(default_factory=Writes)
    links: list[Link] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def batch_link_conversations(
    tx: Transaction, wanted: Sequence[WantedLink], link_source: str = ""
) -> tuple[list[Outcome], ChangeToken]:
    """The outcome of each link, in their order. Raises FieldsInvalid for the request as a whole only."""
    _check(wanted, link_source)
    source = link_source or DEFAULT_SOURCE
    new = _new_records(tx, wanted)
    keys = {key for own in new.values() if isinstance(own, OwnRecord) for key in _keys_of(own)}
    duplicates.lock_keys(tx, keys)
    known = _Pass(
        tx,
        utc_now(),
        conversation_links.lock(tx, [one.conversation_id.lower() for one in wanted]),
        _trees(tx, {one.customer_id.lower() for one in wanted if one.customer_id}),
        duplicates.holders(tx, sorted(keys)),
    )
    outcomes = [_outcome(known, one, new.get(place), source) for place, one in enumerate(wanted)]
    if known.writes.rows:
        known.writes.store(tx)
    if known.links:
        conversation_links.link(tx, known.links, source, actor_of(tx.scope), known.now)
        conversation_links.announce(tx, known.links)
        records.add_events(tx, known.events)
    return outcomes, tx.change_token()


def _check(wanted: Sequence[WantedLink], link_source: str) -> None:
    check = FieldCheck()
    check.require(1 <= len(wanted) <= MOST_LINKS, "links", f"takes 1 to {MOST_LINKS} links")
    check_link_source(check, link_source)
    seen = set[str]()
    for place, one in enumerate(wanted[:MOST_LINKS]):
        conversation_id = one.conversation_id.lower()
        check.require(conversation_id, f"links[{place}].conversation_id", "is required")
        check.require(conversation_id not in seen, f"links[{place}].conversation_id", "is named before")
        check.require(
            one.customer_id or one.draft is not None, f"links[{place}].customer_id", "or a new_customer is required"
        )
        seen |= {conversation_id} - {""}
    check.raise_if_any()


def _new_records(tx: Transaction, wanted: Sequence[WantedLink]) -> dict[int, OwnRecord | FieldsInvalid]:
    """The record of each new customer by the place of its link, or what is wrong with its draft."""
    settings = companies.read(tx).settings
    found: dict[int, OwnRecord | FieldsInvalid] = {}
    for place, one in enumerate(wanted):
        if one.draft is not None:
            try:
                found[place] = _without_external_ids(checked_record(tx, one.draft, settings))
            except FieldsInvalid as failure:
                found[place] = failure
    return found


def _without_external_ids(own: OwnRecord) -> OwnRecord:
    if external_keys(own.fields):
        raise FieldsInvalid([FieldViolation("customer.external_ids", "cannot be given here")])
    return own


def _keys_of(own: OwnRecord) -> set[Key]:
    return duplicate_keys(own.fields, own.state)


def _trees(tx: Transaction, customer_ids: set[str]) -> dict[str, StoredTree]:
    """The trees of those of the customers that there are, by member."""
    there = trees.those_there(tx, customer_ids)
    found = trees.read_trees(tx, sorted(there)).values()
    return {member: tree for tree in found for member in tree.rows}


def _outcome(known: _Pass, one: WantedLink, own: OwnRecord | FieldsInvalid | None, source: str) -> Outcome:
    try:
        shown = _conversation(known, one)
        if isinstance(own, FieldsInvalid):
            raise own
        return _created(known, shown, own, source) if own else _linked(known, shown, one.customer_id.lower(), source)
    except Failure as failure:
        return Outcome(one.conversation_id, "FAILED", failure=failure)


def _conversation(known: _Pass, one: WantedLink) -> Mapping[str, Json]:
    shown = known.conversations.get(one.conversation_id.lower())
    if shown is None:
        raise ConversationNotFound(one.conversation_id)
    require_changeable(known.tx, shown, one.etag)
    return shown


def _created(known: _Pass, shown: Mapping[str, Json], own: OwnRecord, source: str) -> Outcome:
    keys = sorted(_keys_of(own))
    hits = {DuplicateHit(holder, kind) for kind, value in keys for holder in known.holders.get((kind, value), ())}
    if hits:
        in_order = sorted(hits, key=lambda hit: (hit.customer_id, hit.key_kind))
        raise DuplicateCustomer(in_order[: duplicates.MOST_HITS])
    customer = known.writes.create(new_id(), own, shown["last_at"])
    for key in keys:
        known.holders.setdefault(key, []).append(customer.customer_id)
    return _moved(known, shown, customer.customer_id, source, "CREATED")


def _linked(known: _Pass, shown: Mapping[str, Json], customer_id: str, source: str) -> Outcome:
    tree = known.trees.get(customer_id)
    if tree is None:
        raise CustomerNotFound(customer_id)
    require_writable(known.tx, tree.root)
    if shown["origin_customer_id"] == customer_id:
        linked_at = datetime.fromisoformat(shown["linked_at"])
        return Outcome(shown["conversation_id"], "UNCHANGED", customer_id, shown["revision"], linked_at)
    return _moved(known, shown, customer_id, source, "LINKED")


def _moved(known: _Pass, shown: Mapping[str, Json], customer_id: str, source: str, result: str) -> Outcome:
    """Notes the link and its events."""
    known.events.extend(link_events(shown, customer_id, source))
    known.links.append(Link(shown["conversation_id"], customer_id))
    return Outcome(shown["conversation_id"], result, customer_id, shown["revision"] + 1, known.now)

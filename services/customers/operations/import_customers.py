"""Imports a batch of rows in one transaction; each row has an outcome and nothing is half done.

Rows are checked before it, for that takes seconds where they hold much, and are written in parts: a transaction in
which nothing is said to the database for long is ended by it.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.customers.domain.edits import new_record, rewritten
from services.customers.domain.failures import DuplicateHit
from services.customers.domain.fields import SET_FIELDS, Json
from services.customers.domain.import_row import Row, change_by_row, checked_row
from services.customers.domain.keys import LIVE_STATES, Key, duplicate_keys, external_keys
from services.customers.operations.guard import may_change
from services.customers.operations.writing import Writes, actor_of, utc_now
from services.customers.store import companies, duplicates, imported_notes, statistics, trees
from services.customers.store.rows import StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import Reader, Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id

MOST_ROWS = 2500
MOST_ITEMS = 10_000
"""Rows and what their lists hold that are written together: so many take a few tenths of a second."""

RESULTS = ("CREATED", "UPDATED", "UNCHANGED", "EXISTING", "DUPLICATE", "INVALID")


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as sent: its number in the file, its id in the source, its draft, and what was kept as notes."""

    number: int
    id: str
    draft: Mapping[str, Json]
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row; `result` is one of RESULTS."""

    number: int
    result: str
    customer_id: str = ""
    problems: Sequence[FieldViolation] = ()
    warnings: Sequence[FieldViolation] = ()
    duplicates: Sequence[DuplicateHit] = ()


@dataclass(slots=True)
class _Pass:
    """What is known for rows of which no two touch the same thing, and what they write, new customers as of `now`."""

    source: str
    on_duplicate: str
    now: datetime
    owners: dict[Key, str]
    trees: dict[str, StoredTree]
    holders: dict[Key, list[str]]
    writes: Writes = field(default_factory=Writes)
    claimed: set[Key] = field(default_factory=set)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def owner(self, row: Row) -> str | None:
        """The customer that came from the row's source and id before."""
        return self.owners.get((self.source, row.id)) if row.id else None

    def claims(self, row: Row) -> set[Key]:
        """What a row touches: its external ids and the tree that it changes."""
        owner = self.owner(row)
        return external_keys(row.fields) | ({("tree", self.trees[owner].tree.root_id)} if owner else set())

    def written(self, customer: StoredCustomer, before: StoredCustomer | None = None) -> None:
        """Knows from now on which keys a root holds."""
        gone = duplicate_keys(before.view, before.state) if before else set[Key]()
        held = duplicate_keys(customer.view, customer.state)
        for key in gone - held:
            self.holders[key] = [holder for holder in self.holders.get(key, []) if holder != customer.customer_id]
        for key in held - gone:
            insort(self.holders.setdefault(key, []), customer.customer_id)


def region_of(tx: Transaction) -> str:
    """The region by which the company's rows are read."""
    return companies.read(tx).settings.region


def checked_rows(raw_rows: Sequence[RawRow], *, source: str, region: str) -> list[Row]:
    """Up to MOST_ROWS rows, each with what is wrong with it. Raises FieldsInvalid only for the batch as a whole."""
    if not 1 <= len(raw_rows) <= MOST_ROWS:
        raise FieldsInvalid([FieldViolation("rows", f"takes 1 to {MOST_ROWS} rows; {len(raw_rows)} came")])
    now = utc_now()
    return [
        checked_row(raw.number, raw.id, raw.draft, source=source, region=region, now=now, notes=raw.notes)
        for raw in raw_rows
    ]


def import_customers(
    tx: Transaction, rows: Sequence[Row], *, source: str, on_duplicate: str
) -> tuple[list[Outcome], ChangeToken]:
    """The outcomes of checked rows, in their order."""
    outcomes = {place: _invalid(row, row.problems) for place, row in enumerate(rows) if row.problems}
    waiting = {place: row for place, row in enumerate(rows) if place not in outcomes}
    duplicates.lock_all_keys(tx)
    if len(_first_part(waiting)) < len(waiting):
        _lock_known(tx, list(waiting.values()))
    while waiting:
        part = _first_part(waiting)
        done = _pass(tx, _known(tx, list(part.values()), source, on_duplicate), part)
        outcomes |= done
        waiting = {place: row for place, row in waiting.items() if place not in done}
    return [outcomes[place] for place in range(len(rows))], tx.change_token()


def refresh_statistics(reader: Reader) -> None:
    """For after a batch: the planner knows of what came in."""
    statistics.refresh(reader)


def _first_part(waiting: Mapping[int, Row]) -> dict[int, Row]:
    """The first rows that together hold no more than MOST_ITEMS, at least one."""
    part: dict[int, Row] = {}
    items = 0
    for place, row in waiting.items():
        items += 1 + sum(len(row.fields.get(name, ())) for name in SET_FIELDS)
        if part and items > MOST_ITEMS:
            break
        part[place] = row
    return part


def _lock_known(tx: Transaction, rows: Sequence[Row]) -> None:
    """Locks at once what the parts write of known customers, in the order in which all writers lock."""
    owners = duplicates.owners(tx, {key for row in rows for key in external_keys(row.fields)})
    trees.lock_rows(tx, sorted(set(owners.values())))


def _pass(tx: Transaction, known: _Pass, waiting: Mapping[int, Row]) -> dict[int, Outcome]:
    """The outcomes of those rows that touch nothing that a row before them touched; the others wait."""
    done = {}
    for place, row in waiting.items():
        claims = known.claims(row)
        if known.claimed.isdisjoint(claims):
            done[place] = _outcome(tx, known, row)
        known.claimed |= claims
    if known.writes.rows:
        known.writes.store(tx)
    noted = imported_notes.add(tx, known.notes, actor_of(tx.scope))
    return {place: _with_notes(outcome, noted) for place, outcome in done.items()}


def _with_notes(outcome: Outcome, noted: set[str]) -> Outcome:
    """An outcome that says so where nothing but a new note was written."""
    changed = outcome.result == "UNCHANGED" and outcome.customer_id in noted
    return replace(outcome, result="UPDATED") if changed else outcome


def _known(tx: Transaction, rows: Sequence[Row], source: str, on_duplicate: str) -> _Pass:
    owners = duplicates.owners(tx, {key for row in rows for key in external_keys(row.fields)})
    stored = trees.lock_trees(tx, sorted(set(owners.values())))
    new = [row for row in rows if not (row.id and (source, row.id) in owners)]
    holders = duplicates.holders(tx, sorted({key for row in new for key in duplicate_keys(row.fields, "ACTIVE")}))
    members = {member: tree for tree in stored.values() for member in tree.rows}
    return _Pass(source, on_duplicate, utc_now(), owners, members, holders)


def _outcome(tx: Transaction, known: _Pass, row: Row) -> Outcome:
    owner = known.owner(row)
    taken = [
        FieldViolation("customer.external_ids", f'"{key[1]}" of {key[0]} belongs to customer {holder}')
        for key in sorted(external_keys(row.fields))
        if (holder := known.owners.get(key, owner)) != owner
    ]
    if taken:
        return _invalid(row, taken)
    return _update(tx, known, row, owner) if owner else _create(tx, known, row)


def _create(tx: Transaction, known: _Pass, row: Row) -> Outcome:
    hits = _hits(known, row)
    if hits and known.on_duplicate == "REJECT":
        return Outcome(row.number, "DUPLICATE", warnings=row.warnings, duplicates=hits)
    if hits and known.on_duplicate == "RETURN_EXISTING":
        return Outcome(row.number, "EXISTING", hits[0].customer_id, warnings=row.warnings, duplicates=hits)
    customer = known.writes.create(new_id(), new_record(row.fields, known.now, actor_of(tx.scope)))
    known.written(customer)
    known.notes += [(customer.customer_id, part) for part in row.notes]
    return Outcome(row.number, "CREATED", customer.customer_id, warnings=row.warnings, duplicates=hits)


def _update(tx: Transaction, known: _Pass, row: Row, owner: str) -> Outcome:
    """Changes the own record of the customer that came from this source and id, be it merged or not."""
    stored = known.trees[owner]
    if stored.root.state not in LIVE_STATES:
        gone = FieldViolation("customer", "is deleted; the row changes nothing")
        return Outcome(row.number, "UNCHANGED", owner, warnings=[*row.warnings, gone])
    if not may_change(tx.scope, stored.rows[owner].own):
        text = "was created by another, and the token lets its bearer change only what it created"
        return _invalid(row, [FieldViolation("customer", text)])
    change, own = rewritten(
        stored.tree.part(owner),
        lambda said: change_by_row(said, row, known.source, stored.now),
        stored.now,
        actor_of(tx.scope),
    )
    known.notes += [(owner, part) for part in row.notes]
    if not change:
        return Outcome(row.number, "UNCHANGED", owner, warnings=row.warnings)
    details = {"fields": change.names, "import": known.source}
    known.written(known.writes.change(stored, owner, own, "UPDATED", "updated", details), stored.root)
    return Outcome(row.number, "UPDATED", owner, warnings=row.warnings)


def _hits(known: _Pass, row: Row) -> list[DuplicateHit]:
    found = {
        DuplicateHit(customer_id, kind)
        for kind, value in duplicate_keys(row.fields, "ACTIVE")
        for customer_id in known.holders.get((kind, value), [])[: duplicates.MOST_HITS]
    }
    return sorted(found, key=lambda hit: (hit.customer_id, hit.key_kind))[: duplicates.MOST_HITS]


def _invalid(row: Row, problems: Sequence[FieldViolation]) -> Outcome:
    return Outcome(row.number, "INVALID", problems=problems, warnings=row.warnings)

"""A company's customers as the change feed shows them, applied straight to the mirror."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from patronage.customers.v1 import change_feed_pb2 as feed
from patronage.customers.v1 import company_service_pb2, customer_pb2
from services.matching.convert.change import raw_identity
from services.matching.domain.judgement import Author
from services.matching.domain.scan import ScanJob, ScanTotals
from services.matching.domain.undone_merge import UndoneMerge
from services.matching.follower.customers_feed import FOLLOWER, FollowedChange, apply_changes
from services.matching.operations.explain_match import Explained, explain_match
from services.matching.operations.find_duplicates import find_duplicates
from services.matching.operations.hold_scan import claim_scan
from services.matching.operations.judging import Asked, Found, Search
from services.matching.operations.knowledge import KnownCompanies
from services.matching.operations.list_duplicate_groups import GroupPage, list_duplicate_groups
from services.matching.operations.match_record import match_record
from services.matching.operations.run_scan import Limits, run_scan
from services.matching.operations.scan_duplicates import scan_duplicates
from services.matching.operations.tend_company import tend_company
from services.runtime.database import Database, TenantScope
from services.runtime.ids import new_id

ANN = {"name": "Ann Lee", "email": "ann.lee@example.com", "phone": "+1 212 555 0147"}
ANNE = {"name": "Anne Lee", "email": "ann.lee@example.com", "phone": "(212) 555-0147"}
BOB = {"name": "Robert Stone", "email": "bob@stone.example", "phone": "+1 415 555 0101"}


def customer_id(number: int) -> str:
    """The id of the customer with the number; ids sort like numbers."""
    return str(uuid.UUID(int=(0x7000 << 64) | (0x8 << 60) | number))


def customer(number: int, **fields: Any) -> customer_pb2.Customer:
    """A customer in use, unless another state is given."""
    state = fields.pop("state", "ACTIVE")
    merged_into = fields.pop("merged_into", 0)
    members = fields.pop("members", ())
    message = customer_pb2.Customer(customer_id=customer_id(number), **fields)
    message.state = customer_pb2.CustomerState.Value(f"CUSTOMER_STATE_{state}")
    message.merged_into = customer_id(merged_into) if merged_into else ""
    message.merged_customer_ids.extend(customer_id(member) for member in members)
    message.create_time.FromDatetime(datetime(2026, 1, 1 + number % 28, tzinfo=UTC))
    return message


def change(number: int, revision: int = 1, /, **fields: Any) -> feed.Change:
    """A change of a customer."""
    return feed.Change(revision=revision, kind=feed.CHANGE_KIND_UPDATED, customer=customer(number, **fields))


def settings(region: str, revision: int = 1) -> feed.Change:
    """A change of a company's settings."""
    company = company_service_pb2.Company(settings=company_service_pb2.CompanySettings(region=region))
    return feed.Change(revision=revision, kind=feed.CHANGE_KIND_SETTINGS_CHANGED, company=company)


def undone(target: int, *sources: int, merge_id: str = "", **how: Any) -> UndoneMerge:
    """A merge that Bea undid just now; `how`: undone_at, undo_reason, left_undecided."""
    how.setdefault("undone_at", datetime.now(UTC))
    sides = tuple(customer_id(one) for one in sources)
    return UndoneMerge(merge_id or new_id(), customer_id(target), sides, Author("bea", "Bea"), **how)


def undoing(told: UndoneMerge, *changes: feed.Change) -> list[feed.Change]:
    """The changes of some customers as the undo of a merge tells of them."""
    for one in changes:
        one.kind = feed.CHANGE_KIND_MERGE_UNDONE
        one.merge.merge_id, one.merge.target_id = told.merge_id, told.target_id
        one.merge.source_ids.extend(told.source_ids)
        one.merge.undone_by.subject, one.merge.undone_by.name = told.undone_by.subject, told.undone_by.name
        one.merge.undo_time.FromDatetime(told.undone_at)
        one.merge.undo_reason, one.merge.left_undecided = told.undo_reason, told.left_undecided
    return list(changes)


class Company:
    """One company, and what can be asked about it."""

    def __init__(self, database: Database, upkeep: Database, company_id: str = "acme", key_cap: int = 100) -> None:
        self.database = database
        self.upkeep = upkeep
        self.company_id = company_id
        self.key_cap = key_cap
        self.scope = TenantScope(company_id)
        self.search = Search(database, KnownCompanies(database))

    def follow(self, *changes: feed.Change, epoch: str = "e1") -> None:
        """Apply the changes as one batch."""
        followed = [FollowedChange(one, epoch) for one in changes]
        with self.database.transaction(self.scope) as tx:
            apply_changes(tx, self.company_id, followed)

    def duplicates_of(self, number: int, min_confidence: int = 50) -> list[str]:
        """The ids that FindDuplicates gives."""
        return [found.customer_id for found in self.found(number, min_confidence).candidates]

    def found(self, number: int, min_confidence: int = 50) -> Found:
        """What FindDuplicates gives."""
        return find_duplicates(self.search, self._asked(min_confidence), customer_id(number))

    def matches(self, region: str = "US", min_confidence: int = 50, **fields: Any) -> Found:
        """What MatchRecord gives for a record from outside."""
        raw = raw_identity(customer_pb2.Customer(**fields))
        return match_record(self.search, self._asked(min_confidence), raw, region)

    def explained(self, left: int, right: int) -> Explained:
        """What ExplainMatch gives."""
        with self.database.transaction(self.scope, read_only=True) as tx:
            return explain_match(tx, self.search.known, customer_id(left), customer_id(right))

    def ask_for_scan(self, min_confidence: int = 50) -> str:
        """Ask for a scan; answers its id."""
        with self.database.transaction(self.scope) as tx:
            return scan_duplicates(tx, min_confidence).scan_id

    def take_scan(self, worker: str = "test") -> ScanJob:
        """Take the next scan as a worker does."""
        job = claim_scan(self.upkeep, worker)
        assert job is not None
        return job

    def run(self, job: ScanJob, report: Callable[[ScanTotals], None] = lambda totals: None) -> ScanTotals:
        """Run a scan in this process."""
        return run_scan(self.database, job, Limits(threads=1), report)

    def scan(self) -> ScanTotals:
        """Ask for a scan and run it."""
        self.ask_for_scan()
        return self.run(self.take_scan())

    def tend(self) -> None:
        """Do what upkeep does for the company."""
        tend_company(self.database, self.search.known, self.company_id, cap=self.key_cap, follower=FOLLOWER)

    def page(self, min_confidence: int = 0, size: int = 20, token: str = "") -> GroupPage:
        """A page of what the last scan found."""
        with self.database.transaction(self.scope, read_only=True) as tx:
            return list_duplicate_groups(tx, min_confidence, size, token)

    def groups(self) -> list[set[str]]:
        """The members of all groups."""
        return [{member.member.customer_id for member in group.members} for group in self.page(size=1000).groups]

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """One value, seen as this company."""
        with self.database.transaction(self.scope, read_only=True) as tx:
            return tx.value(sql, params)

    def _asked(self, min_confidence: int) -> Asked:
        return Asked(self.company_id, min_confidence, 10, self.key_cap, FOLLOWER)


def ids(*numbers: int) -> set[str]:
    """The ids of the customers with these numbers."""
    return {customer_id(number) for number in numbers}

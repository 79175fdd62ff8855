"""A company whose customers are written and read by the operations themselves."""

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

import psycopg
from google.protobuf.empty_pb2 import Empty

from services.customers.domain.merge import Merge, by_unit
from services.customers.domain.survivorship import SHIPPED, Survivorship
from services.customers.operations.apply_merge import Applied, apply_merge
from services.customers.operations.create_customer import Created, create_customer
from services.customers.operations.create_note import create_note
from services.customers.operations.delete_customer import delete_customer
from services.customers.operations.get_customer import Found, get_customer
from services.customers.operations.import_customers import (
    Outcome,
    RawRow,
    checked_rows,
    import_customers,
    region_of,
)
from services.customers.operations.list_notes import list_notes
from services.customers.operations.revert_merge import Reverted, revert_merge
from services.customers.operations.update_customer import update_customer
from services.customers.store import trees
from services.customers.store.rows import StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.caller import Caller, attach_caller
from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.edge import Edge
from tests.fixtures.databases import ServiceDatabase

T = TypeVar("T")


@dataclass(frozen=True)
class Company:
    """Short names for what a company does with its customers, each in a transaction of its own."""

    database: Database
    urls: ServiceDatabase
    company_id: str = "acme"

    def transaction(self) -> AbstractContextManager[Transaction]:
        return self.database.transaction(TenantScope(self.company_id, "ann", "Ann", "10.0.0.7", "call-1"))

    def write(self, run: Callable[[Transaction], Any]) -> Any:
        """As a call of the service writes: with a few tries where a concurrent writer wins."""
        return Edge(self.database).write(self._context(), Empty(), run)

    def _context(self) -> object:
        context = SimpleNamespace()
        attach_caller(context, Caller("ann", "Ann", self.company_id, frozenset(), "10.0.0.7", "call-1"))
        return context

    def creation(self, on_duplicate: str = "ALLOW", **draft: Any) -> Created:
        found: Created = self.write(lambda tx: create_customer(tx, draft, on_duplicate))
        return found

    def create(self, name: str, **draft: Any) -> str:
        return self.creation(name=name, **draft).customer.customer_id

    def get(self, customer_id: str) -> Found:
        return get_customer(self.database.reader(TenantScope(self.company_id)), customer_id)

    def shown(self, customer_id: str) -> dict[str, Any]:
        return self.get(customer_id).shown

    def tree(self, customer_id: str) -> StoredTree:
        with self.transaction() as tx:
            return trees.read_tree(tx, customer_id)

    def update(self, customer_id: str, etag: str = "", paths: Sequence[str] = (), **draft: Any) -> StoredCustomer:
        found: StoredCustomer
        found, _ = self.write(lambda tx: update_customer(tx, customer_id, draft, paths or list(draft), etag))
        return found

    def delete(self, customer_id: str, etag: str = "") -> StoredCustomer:
        found: StoredCustomer
        found, _ = self.write(lambda tx: delete_customer(tx, customer_id, etag))
        return found

    def note(self, customer_id: str, content: str = "called") -> str:
        written, _ = self.write(lambda tx: create_note(tx, customer_id, {"content": content}))
        return str(written["note_id"])

    def notes(self, customer_id: str) -> list[str]:
        with self.transaction() as tx:
            return [note["content"] for note in list_notes(tx, customer_id, page_size=0, page_token="").children]

    def merge(
        self,
        target: str,
        *sources: str,
        merge_id: str = "",
        rules: Sequence[tuple[str, str]] = (),
        choices: Sequence[tuple[str, str]] = (),
        etags: dict[str, str] | None = None,
        reason: str = "",
        holding: Survivorship = SHIPPED,
    ) -> Applied:
        merge_id = merge_id or str(uuid.uuid4())
        merge = Merge(merge_id, target, sources, by_unit(rules), by_unit(choices), reason, holding=holding)
        found: Applied = self.write(lambda tx: apply_merge(tx, merge, etags or {}))
        return found

    def undo(self, merge_id: str) -> Reverted:
        found: Reverted = self.write(lambda tx: revert_merge(tx, merge_id, "was wrong"))
        return found

    def import_rows(self, *rows: dict[str, Any], source: str = "crm", on_duplicate: str = "ALLOW") -> list[Outcome]:
        """Imports rows; `id` of a row is its id in the source."""
        copies = enumerate(map(dict, rows), start=1)
        raw = [RawRow(place, row.pop("id", ""), row, row.pop("notes", "")) for place, row in copies]
        found: list[Outcome]
        with self.transaction() as tx:
            region = region_of(tx)
        checked = checked_rows(raw, source=source, region=region)
        found, _ = self.write(lambda tx: import_customers(tx, checked, source=source, on_duplicate=on_duplicate))
        return found

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.transaction() as tx:
            return tx.rows(sql, parameters)

    def value(self, sql: str, *parameters: Any) -> Any:
        with self.transaction() as tx:
            return tx.value(sql, parameters)

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(self.urls.admin_url, autocommit=True)

    def owner(self) -> psycopg.Connection:
        return psycopg.connect(self.urls.owner_url, autocommit=True)


def at_once(*works: Callable[[], T]) -> list[T | Exception]:
    """What each of several works answers or raises when all begin together."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T | Exception:
        start.wait()
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def failures(found: Sequence[object]) -> list[str]:
    """The names of the failures among some answers, sorted."""
    return sorted(type(one).__name__ for one in found if isinstance(one, Exception))

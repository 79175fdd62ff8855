"""A merge or undo that breaks off anywhere leaves nothing: no statement of it stands without the others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from services.customers.domain.merge import Merge
from services.customers.operations.apply_merge import apply_merge
from services.customers.operations.revert_merge import revert_merge
from services.runtime.database import Transaction
from services.runtime.ids import new_id
from tests.integration.customers.company import Company

FEWEST = 5
"""Statements that a merge or an undo has at the least: locks, a look, the log, edges, rows."""

EVERYTHING = """
SELECT jsonb_build_object(
    'customers', (SELECT jsonb_agg(to_jsonb(c) ORDER BY customer_id) FROM customers c),
    'keys', (SELECT jsonb_agg(to_jsonb(k) ORDER BY customer_id, kind, value) FROM customer_keys k),
    'merges', (SELECT jsonb_agg(to_jsonb(m) ORDER BY merge_id) FROM merges m),
    'edges', (SELECT jsonb_agg(to_jsonb(e) ORDER BY merge_id, source_id) FROM merge_edges e),
    'events', (SELECT jsonb_agg(event_id ORDER BY event_id) FROM events),
    'feed', (SELECT count(*) FROM feed),
    'audit', (SELECT count(*) FROM audit_log),
    'moves', (SELECT count(*) FROM lifecycle_moves))::text
"""


class BrokenError(Exception):
    """What the line to the database says when it breaks."""


@contextmanager
def broken_after(statements: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets so many statements through and fails the next one."""
    numbers, through = count(1), Transaction.execute
    cursor = Transaction._dict_cursor

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(tx: Transaction, *arguments: Any) -> Any:
            if next(numbers) > statements:
                raise BrokenError
            return call(tx, *arguments)

        return run

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "execute", counted(through))
        patch.setattr(Transaction, "_dict_cursor", counted(cursor))
        yield


def breaks_anywhere(company: Company, work: Callable[[Transaction], object], monkeypatch: pytest.MonkeyPatch) -> int:
    """Runs the work with the line broken after each of its statements, until it is done; gives how many it has."""
    with company.admin() as admin:
        before = admin.execute(EVERYTHING).fetchone()
        for statements in count():
            try:
                with broken_after(statements, monkeypatch), company.transaction() as tx:
                    work(tx)
            except BrokenError:
                assert admin.execute(EVERYTHING).fetchone() == before, f"something stands after {statements} statements"
            else:
                assert admin.execute(EVERYTHING).fetchone() != before
                return statements
    raise AssertionError("unreachable")


def test_half_merges_are_impossible_wherever_one_breaks_off(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = acme.create("Ann", email="a@x.io", tags=["x"])
    bo, cy = acme.create("Bo", email="b@x.io", lifecycle_stage="CUSTOMER"), acme.create("Cy")
    for customer in (bo, cy):
        acme.note(customer)
    merge = Merge(new_id(), ann, (bo, cy), {"lifecycle_stage": "SOURCE_WINS"}, {})
    assert breaks_anywhere(acme, lambda tx: apply_merge(tx, merge, {}), monkeypatch) >= FEWEST
    assert acme.shown(bo)["customer_id"] == ann
    undo = breaks_anywhere(acme, lambda tx: revert_merge(tx, merge.merge_id, "was wrong"), monkeypatch)
    assert undo >= FEWEST
    assert (acme.shown(bo)["name"], acme.notes(bo)) == ("Bo", ["called"])

"""How many children some customers have, by kind, and what children add to the digest of a member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.customers.domain.fields import Json
from services.customers.domain.moves import MOST_COUNTED, Counts
from services.runtime.database import Transaction

_COUNTED = "SELECT customer_id::text, kind, children FROM count_children(%(counted)s::uuid[], %(most)s)"
TALLIED = """
SELECT customer_id::text, kind, children, digest::text FROM child_tallies
 WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%(tallied)s::uuid[])
"""
_BOTH = f"{TALLIED} UNION ALL SELECT counted.*, NULL FROM ({_COUNTED}) AS counted"

Tallies = dict[str, list[Json]]
"""For each customer with children: kind, number and summed hash of its own children, sorted by kind."""


def count(tx: Transaction, customer_ids: Sequence[str]) -> Counts:
    """The number of children of each customer by kind, where there are any."""
    return _counts(tx.execute(_COUNTED, {"counted": list(customer_ids), "most": MOST_COUNTED + 1}).fetchall())


def tally_and_count(tx: Transaction, tallied: Sequence[str], counted: Sequence[str]) -> tuple[Tallies, Counts]:
    """What the own children of some customers add to their digests, and the number of those of others."""
    asked = {"tallied": list(tallied), "counted": list(counted), "most": MOST_COUNTED + 1}
    rows = tx.execute(_BOTH, asked).fetchall()
    return tallies(row for row in rows if row[3] is not None), _counts(row[:3] for row in rows if row[3] is None)


def tallies(rows: Iterable[tuple[Any, ...]]) -> Tallies:
    """Rows of TALLIED, in whatever order, by customer."""
    found: Tallies = {}
    for customer_id, kind, children, digest in sorted(rows):
        found.setdefault(customer_id, []).append([kind, children, digest])
    return found


def _counts(rows: Iterable[tuple[Any, ...]]) -> Counts:
    found: dict[str, dict[str, int]] = {}
    for customer_id, kind, children in rows:
        found.setdefault(customer_id, {})[kind] = children
    return found

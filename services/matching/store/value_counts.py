"""Value counts owns how common values were at the last scan, in few rows of many numbers each."""

from collections.abc import Sequence

from services.runtime.database import Transaction

_ADD = """
    INSERT INTO value_counts (company_id, scan_id, attribute, part, hashes, counts)
    VALUES (app_company(), %s, %s, %s, %s, %s)
"""
_LOAD = """
    SELECT attribute, hashes, counts FROM value_counts
    WHERE company_id = (SELECT app_company()) AND scan_id = %s ORDER BY attribute, part
"""
_DROP = "DELETE FROM value_counts WHERE company_id = (SELECT app_company()) AND scan_id <> ALL(%s::uuid[])"

Part = tuple[bytes, bytes]
"""Hashes and counts, as bytes."""


def add(tx: Transaction, scan_id: str, attribute: str, number: int, part: Part) -> None:
    """Write one part of an attribute's counts; they count once the scan is listed."""
    tx.execute(_ADD, (scan_id, attribute, number, *part))


def load(tx: Transaction, scan_id: str) -> dict[str, list[Part]]:
    """Return the parts of each attribute in their order."""
    found: dict[str, list[Part]] = {}
    for attribute, hashes, counts in tx.execute(_LOAD, (scan_id,)).fetchall():
        found.setdefault(attribute, []).append((hashes, counts))
    return found


def drop_all_but(tx: Transaction, scan_ids: Sequence[str]) -> None:
    """Delete the counts of every scan but these."""
    tx.execute(_DROP, (list(scan_ids),))

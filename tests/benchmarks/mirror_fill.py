"""Fills the matching database with a company of any size: the follower's own derivation and rows, by COPY."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from services.matching.domain.customer_seen import RawIdentity
from services.matching.operations.derive import derivation, derive, key_hash
from services.matching.store.records import MirrorRow

REGION = "US"
_AT_ONCE = 5_000
_COLUMNS = (
    "customer_id", "root_id", "state", "revision", "name", "email", "phone", "completeness", "created_at", "source",
    "identity", "keys",
)  # fmt: skip
_COPY = f"COPY match_records (company_id, epoch, generation, {', '.join(_COLUMNS)}) FROM STDIN"
_KEYS = """
    INSERT INTO match_keys (company_id, key, customer_id)
    SELECT company_id, unnest(keys), customer_id FROM match_records WHERE company_id = %s ORDER BY 1, 2, 3
"""
_COMPANY = """
    INSERT INTO companies (company_id, region, derivation) VALUES (%s, %s, %s) ON CONFLICT (company_id) DO NOTHING
"""


def customer_id(number: int) -> str:
    """The id of the customer in the row with this number."""
    return str(uuid.UUID(int=(0x7000 << 64) | (0x8 << 60) | number))


def fill(admin_url: str, company_id: str, source: Path, rows: int) -> None:
    """Write the first rows of a customer file as the mirror of a company."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(_COMPANY, (company_id, REGION, derivation(REGION)))
        with admin.cursor() as cursor, cursor.copy(_COPY) as copy, ProcessPoolExecutor() as pool:
            for batch in pool.map(_mirrored, _batches(source, rows)):
                for values in batch:
                    copy.write_row((company_id, "bench", 1, *values))
        admin.execute(_KEYS, (company_id,))
        admin.execute("VACUUM ANALYZE match_records")
        admin.execute("VACUUM ANALYZE match_keys")


def key_of_email(email: str) -> int:
    """The key by which customers with this e-mail are found."""
    return key_hash("email", email)


def raw_of(row: Mapping[str, str]) -> RawIdentity:
    """What identifies the customer of a row."""
    return RawIdentity(
        name=row["name"],
        emails=_known(row["email"]),
        phones=_known(row["phone"]),
        addresses=_known(row["address"]),
    )


def _batches(source: Path, rows: int) -> Iterator[list[tuple[int, dict[str, str]]]]:
    with source.open(encoding="utf-8", newline="") as file:
        numbered = enumerate(islice(csv.DictReader(file), rows))
        while batch := list(islice(numbered, _AT_ONCE)):
            yield batch


def _mirrored(batch: Iterable[tuple[int, dict[str, str]]]) -> list[tuple[Any, ...]]:
    return [_values(number, row) for number, row in batch]


def _values(number: int, row: Mapping[str, str]) -> tuple[Any, ...]:
    raw = raw_of(row)
    identity, keys = derive(raw, REGION)
    columns = MirrorRow(
        customer_id=customer_id(number),
        root_id=customer_id(number),
        state="ACTIVE",
        revision=1,
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        raw=raw,
        identity=identity,
        keys=keys,
    ).columns()
    return tuple(columns[name] for name in _COLUMNS)


def _known(value: str) -> tuple[str, ...]:
    return (value,) if value else ()

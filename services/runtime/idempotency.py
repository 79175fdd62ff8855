"""A mutation that is sent twice under one request id happens once and answers the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.runtime.failures import RequestIdReused, RequestInProgress

if TYPE_CHECKING:
    from services.runtime.database import Transaction

_BEGIN = "SELECT state, response FROM begin_idempotent_request(%s, %s)"
_STORE = """
    INSERT INTO idempotent_requests (company_id, request_id, fingerprint, response)
    VALUES (app_company(), %s, %s, %s)
    ON CONFLICT (company_id, request_id) DO UPDATE
    SET fingerprint = excluded.fingerprint, response = excluded.response, created_at = excluded.created_at
"""
_EXPIRE = """
    DELETE FROM idempotent_requests WHERE (company_id, request_id) IN (
        SELECT company_id, request_id FROM idempotent_requests
        WHERE created_at < now() - interval '24 hours' LIMIT %s FOR UPDATE SKIP LOCKED)
"""


def once(tx: Transaction, method: str, request_id: str, fingerprint: bytes, run: Callable[[], bytes]) -> bytes:
    """The stored response of the first call with this request id, else what `run` answers now."""
    if not request_id:
        return run()
    digest = hashlib.sha256(method.encode() + b"\0" + fingerprint).digest()
    found = tx.row(_BEGIN, (request_id, digest)) or {}
    if found["state"] == "STORED":
        return bytes(found["response"])
    _refuse(found["state"], request_id)
    response = run()
    tx.execute(_STORE, (request_id, digest, response))
    return response


def expire(tx: Transaction, at_most: int = 10_000) -> int:
    """Forget requests older than 24 hours; answers how many. The upkeep role does so for every company."""
    return tx.execute(_EXPIRE, (at_most,)).rowcount


def _refuse(state: str, request_id: str) -> None:
    if state == "BUSY":
        text = "The same request is still running. Repeat it in a moment."
        raise RequestInProgress(text, metadata={"request_id": request_id}, retry_after=0.2)
    if state == "REUSED":
        text = "The request id was used for other content. Send this content with a new request id."
        raise RequestIdReused(text, metadata={"request_id": request_id})

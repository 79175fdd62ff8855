"""Call details owns what stands between a stub and a channel: a call as its caller made it, with who it is from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class CallDetails(NamedTuple):
    """The details of a call, as gRPC asks interceptors for them; it has no class that can be made."""

    method: Any
    timeout: float | None
    metadata: Sequence[tuple[str, str | bytes]]
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


def signed(details: Any, token: str, company_id: str, timeout: float | None) -> CallDetails:
    """Return a call with a bearer's token, for a company where one is named, and with the seconds that it has left."""
    metadata = [*(details.metadata or ()), ("authorization", f"Bearer {token}")]
    if company_id:
        metadata.append(("company-id", company_id))
    ready, compression = (getattr(details, name, None) for name in ("wait_for_ready", "compression"))
    return CallDetails(details.method, timeout, metadata, details.credentials, ready, compression)

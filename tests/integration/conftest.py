"""Time limits of the services are far away in this ring: on a busy machine they would tell of the machine alone."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from services.runtime.database import Database

LIMITS: dict[str, int] = cast(Any, Database.__init__).__kwdefaults__
FAR_MS = 100_000


@pytest.fixture(scope="module", autouse=True)
def far_limits() -> Iterator[None]:
    """A test of a limit gives its own to its `Database`, or asks for `lock_limit`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("statement_timeout_ms", "lock_timeout_ms", "idle_in_transaction_ms"):
            patch.setitem(LIMITS, name, FAR_MS)
        patch.setattr("services.runtime.database._POOL_TIMEOUT_S", FAR_MS / 1000)
        yield


@pytest.fixture
def lock_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a lock is told so soon; ask for it before what opens connections."""
    monkeypatch.setitem(LIMITS, "lock_timeout_ms", 200)


@pytest.fixture
def early_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a follower is answered half a second after the call, which may take 30 s."""
    monkeypatch.setattr("services.runtime.freshness._SPARE_S", 29.5)

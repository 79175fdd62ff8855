"""A service put together gives back in the end what it holds, whatever state that is in."""

import threading
from typing import Any

from structlog.testing import capture_logs

from services.runtime.app import App


class Held:
    """What a service holds: closes once it may."""

    def __init__(self, may_close: threading.Event) -> None:
        self._may_close = may_close
        self.is_closed = False

    def close(self) -> None:
        self._may_close.wait()
        self.is_closed = True


def test_a_channel_that_does_not_close_keeps_no_service_from_ending() -> None:
    never, at_once = threading.Event(), threading.Event()
    at_once.set()
    database: Any = Held(at_once)
    channel: Any = Held(never)
    nothing: Any = None
    app = App(nothing, nothing, services=(), background=(), databases=[database], channels=[channel])
    with capture_logs() as lines:
        app.close()
    never.set()
    assert database.is_closed
    assert [line["log_level"] for line in lines if line["event"].startswith("channels")] == ["warning"]

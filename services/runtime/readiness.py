"""What the health service says: SERVING as long as the service is ready, NOT_SERVING while it drains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from grpc_health.v1 import health, health_pb2

from services.runtime.logs import get_logger

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_ASK_EVERY_S = 1.0

_log = get_logger("readiness")


class Readiness:
    """Asks once a second whether the service is ready and tells the health service."""

    def __init__(self, servicer: health.HealthServicer, names: Sequence[str], ready: Callable[[], bool] | None) -> None:
        self._servicer = servicer
        self._names = ("", *names)
        self._ready = ready
        self._stopped = threading.Event()
        self._was: bool | None = None
        self._say(False)

    def start(self) -> None:
        """Begin to tell."""
        if self._ready is None:
            self._say(True)
            return
        self._say(self._is_ready())
        threading.Thread(target=self._watch, name="readiness", daemon=True).start()

    def stop(self) -> None:
        """Say NOT_SERVING from now on."""
        self._stopped.set()
        self._servicer.enter_graceful_shutdown()

    def _watch(self) -> None:
        while not self._stopped.wait(_ASK_EVERY_S):
            self._say(self._is_ready())

    def _is_ready(self) -> bool:
        try:
            return self._ready is None or self._ready()
        except Exception as error:
            _log.warning("readiness check failed", cause=str(error))
            return False

    def _say(self, ready: bool) -> None:
        if ready == self._was:
            return
        self._was = ready
        for name in self._names:
            self._servicer.set(name, _SERVING if ready else _NOT_SERVING)

"""A worker: a thread beside the calls that works when it is woken and every so often, until it is stopped."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from services.runtime.logs import get_logger

_LONGEST_STOP_S = 10
_SHORTEST_REST_S = 0.25
_LONGEST_REST_S = 5.0


class Worker(ABC):
    """Calls `work` again after a rest where it raises, which the log says under the worker's name, in words of its own.

    Rests grow from a quarter of a second to five until something went well.
    """

    def __init__(self, name: str, failing: str) -> None:
        self.stopping = threading.Event()
        self._failing = failing
        self._log = get_logger(name)
        self._woken = threading.Event()
        self._rest_s = _SHORTEST_REST_S
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def work(self) -> None:
        """Do what there is to do, again and again, until `stopping` is set."""

    def clean_up(self) -> None:  # noqa: B027 - most workers hold nothing
        """Put away what it holds, once it works no more."""

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after what is at hand."""
        self.stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_LONGEST_STOP_S)

    def wake(self) -> None:
        """Look for work now."""
        self._woken.set()

    def sleep(self, longest_s: float) -> None:
        """Wait until it is woken, which may have been since it slept last."""
        self._woken.wait(longest_s)
        self._woken.clear()

    def rest(self) -> None:
        """Wait after something failed, whoever wakes it."""
        self.stopping.wait(self._rest_s)
        self._rest_s = min(self._rest_s * 2, _LONGEST_REST_S)

    def went_well(self) -> None:
        """Rest only shortly when something fails next."""
        self._rest_s = _SHORTEST_REST_S

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.work()
            except Exception as error:
                self._log.warning(self._failing, cause=f"{type(error).__name__}: {error}")
                self.rest()
        self.clean_up()

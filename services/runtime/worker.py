"""A worker: a thread beside the calls that works when it is woken and every so often, until it is stopped."""

from __future__ import annotations

import random
import threading
from abc import ABC, abstractmethod

from services.runtime.logs import get_logger

_LONGEST_STOP_S = 10
_SHORTEST_REST_S = 0.25
_LONGEST_REST_S = 5.0


class Worker(ABC):
    """Calls `work` again after a rest where it raises, which the log says under the worker's name, in words of its own.

    Rests grow, between two limits in seconds, until something went well. Each is somewhat shorter by chance, so that
    the processes of a service do not all come back at once. `told` is in each of its lines.
    """

    def __init__(
        self,
        name: str,
        failing: str,
        rests_s: tuple[float, float] = (_SHORTEST_REST_S, _LONGEST_REST_S),
        **told: str,
    ) -> None:
        self.stopping = threading.Event()
        self.log = get_logger(name, **told)
        self._failing = failing
        self._woken = threading.Event()
        self._shortest_rest_s, self._longest_rest_s = rests_s
        self._rest_s = self._shortest_rest_s
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
        self.stopping.wait(self._rest_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads processes
        self._rest_s = min(self._rest_s * 2, self._longest_rest_s)

    def went_well(self) -> None:
        """Rest only shortly when something fails next."""
        self._rest_s = self._shortest_rest_s

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.work()
            except Exception as error:
                self.log.warning(self._failing, cause=f"{type(error).__name__}: {error}")
                self.rest()
        self.clean_up()

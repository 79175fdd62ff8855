"""Further processes that serve one port: started by the first one, started again when they end, drained with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from services.runtime.logs import get_logger
from services.runtime.process import DIE_WITH_PARENT, PORT_FILE

_LOOK_EVERY_S = 0.2
_SHORTEST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_SETTLED_AFTER_S = 60.0
_SPARE_S = 10.0

_log = get_logger("siblings")


class Siblings:
    """Processes of the command that this one was started by, each with `environment(port)` on top of its own.

    The kernel spreads connections over all who listen. One of them does the work beside the calls: the first. The pause
    before they are started again grows while they keep ending, and is short again after a minute without that.
    """

    def __init__(self, count: int, environment: Callable[[int], Mapping[str, str]], drain_s: float) -> None:
        self._count = count
        self._environment = environment
        self._drain_s = drain_s
        self._port = 0
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * count
        self._stopping = threading.Event()
        # They are told when their parent's thread ends, so one thread that lives as long as they starts them all.
        self._thread = threading.Thread(target=self._watch, name="siblings", daemon=True)

    def start(self, port: int) -> None:
        """Begin to serve the port in all processes."""
        self._port = port
        if self._count:
            self._thread.start()

    def ask_to_stop(self) -> None:
        """Let them drain, without waiting."""
        self._stopping.set()

    def stop(self) -> None:
        """Wait until they have drained."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        self._start(range(self._count))
        pause, started = _SHORTEST_PAUSE_S, time.monotonic()
        while not self._stopping.wait(_LOOK_EVERY_S):
            ended = [
                number
                for number, process in enumerate(self._processes)
                if process is None or process.poll() is not None
            ]
            if not ended:
                continue
            if time.monotonic() - started >= _SETTLED_AFTER_S:
                pause = _SHORTEST_PAUSE_S
            if not self._stopping.wait(pause):
                self._start(ended)
                pause, started = min(pause * 2, _LONGEST_PAUSE_S), time.monotonic()
        self._end()

    def _start(self, numbers: Iterable[int]) -> None:
        """Start these; what cannot be started now is tried again later, since the others end with this thread."""
        for number in numbers:
            before = self._processes[number]
            if before is not None:
                _log.error("a sibling has ended and is started again", code=before.returncode)
            try:
                self._processes[number] = self._spawn()
            except OSError as error:
                self._processes[number] = None
                _log.error("a sibling cannot be started and is tried again", cause=str(error))

    def _end(self) -> None:
        """Drain all at once; one that does not end is killed."""
        running = [process for process in self._processes if process is not None]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(self._drain_s + _SPARE_S)
            except subprocess.TimeoutExpired:
                _log.error("a sibling does not drain and is killed", pid=process.pid)
                process.kill()
                process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in os.environ.items() if name != PORT_FILE}
        own = {**self._environment(self._port), DIE_WITH_PARENT: str(os.getpid())}
        return subprocess.Popen([sys.executable, *sys.orig_argv[1:]], env={**inherited, **own})

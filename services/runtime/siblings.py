"""Further processes that serve one port: started by the first one, started again when they end, drained with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

from services.runtime.logs import get_logger
from services.runtime.process import DIE_WITH_PARENT, PORT_FILE

_LOOK_EVERY_S = 0.2
_SHORTEST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_SPARE_S = 10.0

_log = get_logger("siblings")


class Siblings:
    """Processes of the command that this one was started by, each with `environment(port)` on top of its own.

    The kernel spreads connections over all who listen. One of them does the work beside the calls: the first.
    """

    def __init__(self, count: int, environment: Callable[[int], Mapping[str, str]], drain_s: float) -> None:
        self._count = count
        self._environment = environment
        self._drain_s = drain_s
        self._port = 0
        self._processes: list[subprocess.Popen[bytes]] = []
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
        self._processes = [self._spawn() for _ in range(self._count)]
        pause = _SHORTEST_PAUSE_S
        while not self._stopping.wait(_LOOK_EVERY_S):
            ended = [number for number, process in enumerate(self._processes) if process.poll() is not None]
            if ended and not self._stopping.wait(pause):
                self._start_again(ended)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
        self._end()

    def _start_again(self, ended: list[int]) -> None:
        for number in ended:
            _log.error("a sibling has ended and is started again", code=self._processes[number].returncode)
            self._processes[number] = self._spawn()

    def _end(self) -> None:
        """Drain all at once; one that does not end is killed."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
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

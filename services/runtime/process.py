"""The process of a service: its stop signals, its parent, and the file that tells its port."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

PORT_FILE = "PATRONAGE_PORT_FILE"
DIE_WITH_PARENT = "PATRONAGE_DIE_WITH_PARENT"
_PR_SET_PDEATHSIG = 1
_AWAKE_EVERY_S = 0.5


class SignalSafeEvent:
    """An event that a signal handler may set while the main thread waits for it.

    A handler runs inside whatever the main thread is at, so it must not take a lock that the main thread may hold:
    an Event would, between its look and its wait, and the process would hang. SimpleQueue.put is made for handlers.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Set it for good, in a handler or anywhere else."""
        self._queue.put(None)

    def wait(self, longest_s: float) -> bool:
        """Wait until it is set; whether it is by then.

        Not for ever: a signal that comes just before the thread falls asleep has its handler run when it wakes up.
        """
        try:
            self._queue.get(timeout=longest_s)
        except Empty:
            return False
        self._queue.put(None)
        return True


class StopSignals:
    """SIGTERM and SIGINT ask the process to stop; a second one stops it at once."""

    def __init__(self) -> None:
        self._asked = False
        self._stop = SignalSafeEvent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def wait(self) -> None:
        """Wait until the process is asked to stop."""
        while not self._stop.wait(_AWAKE_EVERY_S):
            pass

    def _ask(self, number: int, _: FrameType | None) -> None:
        if self._asked:
            os._exit(128 + number)
        self._asked = True
        self._stop.set()


def die_with_parent() -> None:
    """Be asked to stop when the parent dies, if PATRONAGE_DIE_WITH_PARENT is 1 or its pid. Linux only."""
    wish = os.environ.get(DIE_WITH_PARENT, "")
    if not wish.isdigit() or wish == "0" or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # A parent that died before the line above sends no signal; given its pid, that can be seen.
    if wish != "1" and os.getppid() != int(wish):
        os.kill(os.getpid(), signal.SIGTERM)


def write_port_file(port: int) -> None:
    """Write the port to the file that PATRONAGE_PORT_FILE names, whole or not at all."""
    target = os.environ.get(PORT_FILE)
    if not target:
        return
    partial = Path(f"{target}.{os.getpid()}")
    partial.write_text(f"{port}\n", encoding="ascii")
    partial.replace(target)

"""Log lines on their way to standard error: many are written together, and a warning or an error at once."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from contextlib import suppress
from typing import IO

_LATER_S = 0.05
_MOST = 1_000


class LogLines:
    """Takes lines for a stream, in their order.

    Until `write_together` each is written at once. After it, a line that is only information waits for 50 ms at the
    most: a write lets another thread have the interpreter, which costs a call more than all else about its line.
    With 1,000 lines waiting the caller writes, so that a stream that nobody reads holds callers back.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._writing = threading.Lock()
        self._some = threading.Event()
        self._together = False

    def write_together(self) -> None:
        """From now on, let lines of information wait for each other."""
        if not self._together:
            self._together = True
            atexit.register(self.flush)
            threading.Thread(target=self._write_later, name="log lines", daemon=True).start()

    def info(self, line: str) -> None:
        """Take a line that can wait."""
        self._waiting.append(line + "\n")
        if not self._together or len(self._waiting) > _MOST:
            self.flush()
        elif not self._some.is_set():
            self._some.set()

    debug = msg = info

    def error(self, line: str) -> None:
        """Take a line that cannot wait."""
        self.write(line + "\n")
        self.flush()

    warning = critical = error

    def write(self, text: str) -> int:
        """Take a text, as a stream does for handlers of other libraries."""
        self._waiting.append(text)
        return len(text)

    def flush(self) -> None:
        """Write all that waits."""
        with self._writing:
            texts: list[str] = []
            with suppress(IndexError):
                while True:
                    texts.append(self._waiting.popleft())
            if texts:
                self._stream.write("".join(texts))
                self._stream.flush()

    def _write_later(self) -> None:
        while self._some.wait():
            time.sleep(_LATER_S)
            self._some.clear()
            with suppress(OSError, ValueError):
                self.flush()

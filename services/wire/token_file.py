"""Token file owns a token that somebody renews in its file while a process lasts."""

from __future__ import annotations

import threading
from pathlib import Path


class TokenFile:
    """Reads the file again when it has changed. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = -1
        self._token = ""

    def read(self) -> str:
        """Return the token; of a file that is being written anew, and empty for now, the one before. Raises OSError."""
        changed = self._path.stat().st_mtime_ns
        with self._lock:
            if changed != self._seen and (found := self._path.read_text(encoding="ascii").strip()):
                self._token, self._seen = found, changed
            return self._token

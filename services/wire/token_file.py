"""Token file owns a token that somebody renews in its file while a process lasts."""

from __future__ import annotations

import threading
from pathlib import Path


class TokenFile:
    """Reads the file again when it has changed. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._token = ""

    def read(self) -> str:
        """Return the token; of a file that is being written anew, and empty for now, the one before. Raises OSError."""
        status = self._path.stat()
        # The clock of a file system may tick every 4 ms only, so the time alone does not tell two writes apart.
        changed = status.st_ino, status.st_size, status.st_mtime_ns
        with self._lock:
            if changed != self._seen:
                found = self._path.read_text(encoding="ascii").strip()
                self._token, self._seen = found or self._token, changed if found else None
            return self._token

"""File locks that end with the last process that holds them, however it ends."""

import fcntl
import os
import time
from pathlib import Path

RETRY_S = 0.02


class FileLock:
    """An flock on a file; a child that inherits the descriptor holds the lock as well."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        assert self._descriptor is not None, "not locked"
        return self._descriptor

    def acquire(self, wait_s: float = 0.0) -> bool:
        """True when this process has the lock within the time given."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + wait_s
        while not _try_lock(descriptor):
            if time.monotonic() >= end:
                os.close(descriptor)
                return False
            time.sleep(RETRY_S)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Closes this process's handle; children that inherited it keep the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def note(self, text: str) -> None:
        """Leaves a line in the file for whoever finds it locked."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text.encode(), 0)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

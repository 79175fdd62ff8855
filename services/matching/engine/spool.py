"""Spool owns an array that grows: in memory up to its share, beyond that in a temporary file."""

import os
from tempfile import mkstemp
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_SMALLEST_SHARE = 1 << 16


class Spool:
    """Appends and reads slices, from several threads; the file is gone when the process is."""

    def __init__(self, dtype: DTypeLike, share: int) -> None:
        self._dtype = np.dtype(dtype)
        self._share = max(share, _SMALLEST_SHARE)
        self._parts: list[NDArray[Any]] = []
        self._held = 0
        self._size = 0
        self._file: int | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        return self._size

    @property
    def spilled(self) -> bool:
        """Return whether anything was written to a file."""
        return self._file is not None

    def append(self, values: NDArray[Any]) -> None:
        """Add values at the end."""
        with self._lock:
            self._parts.append(np.ascontiguousarray(values, self._dtype))
            self._size += len(values)
            self._held += values.nbytes
            if self._held > self._share:
                self._spill()

    def read(self, begin: int = 0, end: int | None = None) -> NDArray[Any]:
        """Return a slice, in memory."""
        end = self._size if end is None else min(end, self._size)
        with self._lock:
            if self._file is None:
                return self._joined()[begin:end]
            if self._held:
                self._spill()
            content = os.pread(self._file, (end - begin) * self._dtype.itemsize, begin * self._dtype.itemsize)
        return np.frombuffer(content, self._dtype)

    def _joined(self) -> NDArray[Any]:
        if len(self._parts) != 1:
            self._parts = [np.concatenate([np.zeros(0, self._dtype), *self._parts])]
        return self._parts[0]

    def _spill(self) -> None:
        if self._file is None:
            self._file, path = mkstemp(prefix="patronage-")
            os.unlink(path)
        for part in self._parts:
            _write(self._file, part)
        self._parts, self._held = [], 0

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)


def _write(file: int, values: NDArray[Any]) -> None:
    """Write all of it: the system takes at most 2 GiB at once."""
    rest = memoryview(values.view(np.uint8).data)
    while rest:
        rest = rest[os.write(file, rest) :]

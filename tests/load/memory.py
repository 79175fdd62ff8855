"""Memory owns watching how much a process and its children hold, once a second."""

import threading
import time
from pathlib import Path

_EVERY_S = 1.0
_PAGE_MIB = 4096 / 1024 / 1024


class Memory:
    """`with Memory(pid) as memory: ...; memory.samples` are (seconds since the start, MiB)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._begun = time.monotonic()
        self.samples: list[tuple[float, float]] = []

    def __enter__(self) -> "Memory":
        self._begun = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def settled(self) -> tuple[float, float]:
        """Return the middle of the second fifth of the samples and that of the last: growth, where there is any."""
        held = [mib for _, mib in self.samples]
        fifth = max(len(held) // 5, 1)
        return _middle(held[fifth : 2 * fifth] or held), _middle(held[-fifth:])

    def _watch(self) -> None:
        while True:
            self.samples.append((time.monotonic() - self._begun, held_mib(self._pid)))
            if self._done.wait(_EVERY_S):
                return


def held_mib(pid: int) -> float:
    """Return the resident memory of a process and everything that it started, in MiB."""
    total = 0.0
    for one in family(pid):
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * _PAGE_MIB
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def family(pid: int) -> list[int]:
    """Return a process and everything that it started."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0

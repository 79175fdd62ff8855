"""Memory owns how much of the budget is left for the work, beside what the process holds already."""

import os
from dataclasses import dataclass

_LEAST = 16 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BYTES_PER_PAIR = 700
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 2_000, 64_000


@dataclass(frozen=True, slots=True)
class Shares:
    """Bytes for each thing that grows with the number of pairs, and how many pairs are weighed at once."""

    records: int
    """Bytes that were held before there were pairs: the records, which no budget makes smaller."""

    candidates: int
    scored: int
    at_once: int

    @staticmethod
    def of(budget: int, threads: int) -> "Shares":
        """Divide what the records leave of the budget; where they leave nothing, pairs still get a little."""
        records = held()
        left = max(budget - records, _LEAST)
        at_once = left // 4 // _BYTES_PER_PAIR // max(threads, 1)
        return Shares(records, left // 4, left // 8, min(max(at_once, _FEWEST_AT_ONCE), _MOST_AT_ONCE))


def held() -> int:
    """Return the bytes of memory that this process holds; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as status:
            return int(status.read().split()[1]) * _PAGE
    except OSError:
        return 0

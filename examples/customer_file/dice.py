"""Dice owns the one seeded source of chance, used so that every Python version draws the same."""

import random
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Dice:
    """Draws from `random()` only: it alone is promised to stay the same between Python versions."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        return self.roll() < probability

    def below(self, end: int) -> int:
        return int(self.roll() * end)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self.roll() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.roll() * len(items))]


class Weighted(Generic[T]):
    """Items of which some are drawn more often than others."""

    def __init__(self, items: Iterable[T], weights: Iterable[float]) -> None:
        self.items = tuple(items)
        self._bounds = list(accumulate(weights))

    def draw(self, dice: Dice) -> T:
        last = len(self.items) - 1
        return self.items[bisect(self._bounds, dice.roll() * self._bounds[-1], 0, last)]


def by_rank(items: Sequence[T], flatness: float = 12.0) -> Weighted[T]:
    """Return items whose frequency falls with their rank, as names and towns do."""
    return Weighted(items, (1 / (rank + flatness) for rank in range(len(items))))

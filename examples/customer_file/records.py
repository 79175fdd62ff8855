"""Records owns the stream of rows: each customer, its copies scattered behind it, as many rows as asked for."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .copies import copies_of
from .dice import Dice
from .people import Population
from .writing import Row, write_row

NEARBY = 2_000  # how far a household may be scattered


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the file and the true customer it is of."""

    id: str
    cluster: str
    values: Row


def records(rows: int, seed: int) -> Iterator[Record]:
    """Yield exactly `rows` records; the same rows and seed give the same records."""
    for number, (cluster, values) in enumerate(_scattered(rows, seed), start=1):
        yield Record(f"r{number}", f"p{cluster}", values)


def _scattered(rows: int, seed: int) -> Iterator[tuple[int, Row]]:
    """Deal the rows out of order, holding back only those that wait for their place."""
    dice = Dice(seed)
    waiting: list[tuple[int, int, int, Row]] = []
    for made, (cluster, is_copy, values) in enumerate(islice(_made(dice), rows)):
        reach = max(1, rows // 3) if is_copy else NEARBY
        heapq.heappush(waiting, (made + dice.below(reach), made, cluster, values))
        while waiting and waiting[0][0] <= made:
            yield heapq.heappop(waiting)[2:]
    while waiting:
        yield heapq.heappop(waiting)[2:]


def _made(dice: Dice) -> Iterator[tuple[int, bool, Row]]:
    population = Population(dice)
    for cluster, party in enumerate(population.parties(), start=1):
        yield cluster, False, write_row(party, dice, is_copy=False)
        for copy in copies_of(party, population, dice):
            yield cluster, True, write_row(copy, dice, is_copy=True)

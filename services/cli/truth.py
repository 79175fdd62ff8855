"""Truth owns which rows of a file are one, as somebody knows it, and what a grouping got right of it."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from services.cli.failures import BadInputFailure
from services.cli.file_kinds import is_parquet
from services.cli.table_files import read_table

LARGEST = 200
"""Members of one true customer whose pairs are looked at one by one; of more, the first ones."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Pairs that were found and are true, that were found, and that are true."""

    right: int
    found: int
    actual: int

    @property
    def precision(self) -> float:
        """Return the share of what was found that is true; 0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Return the share of what is true that was found; 0 where nothing is true."""
        return self.right / self.actual if self.actual else 0.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both."""
        return 2 * self.right / (self.found + self.actual) if self.right else 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """The true customer of each row; with `sources`, only pairs of two sources count."""

    clusters: Sequence[str]
    sources: Sequence[str] | None = None

    def same(self, left: int, right: int) -> bool:
        """Return whether two rows are one."""
        return self.clusters[left] == self.clusters[right]

    def count(self) -> int:
        """Return how many pairs are true."""
        return self._pairs(self.clusters)

    def judge(self, groups: Sequence[Hashable]) -> Accuracy:
        """Compare a grouping, a label for each row, with the truth: all pairs inside groups."""
        both = list(zip(groups, self.clusters, strict=True))
        return Accuracy(self._pairs(both), self._pairs(groups), self.count())

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the true pairs of rows, the lower row first."""
        members: defaultdict[str, list[int]] = defaultdict(list)
        for row, cluster in enumerate(self.clusters):
            members[cluster].append(row)
        for rows in members.values():
            for left, right in combinations(rows[:LARGEST], 2):
                if self.sources is None or self.sources[left] != self.sources[right]:
                    yield left, right

    def _pairs(self, labels: Sequence[Hashable]) -> int:
        inside = _pairs_of(Counter(labels).values())
        if self.sources is None:
            return inside
        return inside - _pairs_of(Counter(zip(labels, self.sources, strict=True)).values())


def _pairs_of(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def read_truth(path: Path, ids: Sequence[str], sources: Sequence[str] | None = None, encoding: str = "") -> Truth:
    """Read columns `id` and `cluster`, for every row of the customers, or raise BadInputFailure."""
    table = read_table(path, "" if is_parquet(path) else encoding)
    for column in ("id", "cluster"):
        if table.header.count(column) != 1:
            raise BadInputFailure(f"{path}: line 1: expected the columns id and cluster, each once")
    known: dict[str, str] = {}
    for row, (record_id, cluster) in enumerate(zip(table.column("id"), table.column("cluster"), strict=True)):
        if not cluster.strip():
            raise BadInputFailure(f"{table.place(row, 'cluster')}: the cluster is empty")
        if known.setdefault(record_id.strip(), cluster) != cluster:
            raise BadInputFailure(f"{table.place(row, 'id')}: the id '{record_id[:80]}' has two clusters")
    missing = [record_id for record_id in ids if record_id not in known]
    if missing:
        raise BadInputFailure(
            f"{path}: {len(missing):,} ids of the customers are not in it, such as '{missing[0][:80]}'"
        )
    return Truth([known[record_id] for record_id in ids], sources)

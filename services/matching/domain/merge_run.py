"""Merge run owns what many merges in a row know of each other: who went into whom, and what comes in one go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MOST_AT_ONCE = 250
"""Merges that are judged together, and sent to customers in one call."""


@dataclass(frozen=True, slots=True)
class Item:
    """One merge of many, by its place in the list."""

    place: int
    target_id: str
    source_ids: Sequence[str]
    overridden: frozenset[str] = frozenset()

    @property
    def customer_ids(self) -> list[str]:
        """Return target and sources."""
        return [self.target_id, *self.source_ids]


@dataclass(slots=True)
class MergedSoFar:
    """The trees that a run has joined, which the mirror may not have heard of yet."""

    _root_of: dict[str, str] = field(default_factory=dict)
    _members: dict[str, list[str]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Note that a merge was made."""
        for source in item.source_ids:
            self._root_of[source] = item.target_id
            self._members.setdefault(item.target_id, []).extend([source, *self._members.pop(source, ())])

    def trees(self, item: Item) -> Mapping[str, Sequence[str]]:
        """Return the customers of a merge, each with what the run has merged into it."""
        return {root: self._members.get(root, ()) for root in item.customer_ids}

    def gone(self, item: Item) -> tuple[str, str] | None:
        """Return the first customer of a merge that the run has merged into another one, and into which."""
        return next(((one, self._root_of[one]) for one in item.customer_ids if one in self._root_of), None)


def in_goes(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items a go at a time; no customer is in two merges of one go, since each must know the one before."""
    go: list[Item] = []
    seen: set[str] = set()
    for item in items:
        if go and (len(go) == MOST_AT_ONCE or seen.intersection(item.customer_ids)):
            yield go
            go, seen = [], set()
        go.append(item)
        seen.update(item.customer_ids)
    if go:
        yield go

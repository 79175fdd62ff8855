"""Merge run owns what many merges in a row know of each other: who went into whom, and what then forbids a merge."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.matching.domain.judgement import Judgement

MOST_AT_ONCE = 250
"""Merges that are judged together, and sent to customers in one call."""

MOST_SENT = 1_000
"""What one call to customers takes."""


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


@dataclass(frozen=True, slots=True)
class Apart:
    """A judgement between what is merged into two customers, themselves included."""

    left_id: str
    right_id: str
    judgement: Judgement


@dataclass(slots=True)
class MergedSoFar:
    """The merges that a run has made, which the mirror may not have heard of yet."""

    _into: dict[str, list[str]] = field(default_factory=dict)
    _from: dict[str, list[str]] = field(default_factory=dict)
    _naming: dict[str, list[Item]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Note that a merge was made."""
        for source in item.source_ids:
            self._into.setdefault(source, []).append(item.target_id)
            self._from.setdefault(item.target_id, []).append(source)
        for customer_id in item.customer_ids:
            self._naming.setdefault(customer_id, []).append(item)

    def above(self, customer_id: str) -> set[str]:
        """Return a customer and all that the run has merged it into, one after the other."""
        return _reached([customer_id], self._into)

    def below(self, customer_ids: Iterable[str]) -> set[str]:
        """Return customers and all that the run has merged into them."""
        return _reached(customer_ids, self._from)

    def built_upon(self, items: Iterable[Item]) -> list[Item]:
        """Return the merges made before that some build on, in their order."""
        found: dict[int, Item] = {}
        seen: set[str] = set()
        waiting = [one for item in items for one in item.customer_ids]
        while waiting:
            if (customer_id := waiting.pop()) not in seen:
                seen.add(customer_id)
                for item in self._naming.get(customer_id, ()):
                    if item.place not in found:
                        found[item.place] = item
                        waiting += item.customer_ids
        return [found[place] for place in sorted(found)]

    def with_more(self, items: Iterable[Item]) -> "MergedSoFar":
        """Return this with further merges; itself stays as it is."""
        more = MergedSoFar(
            {one: list(found) for one, found in self._into.items()},
            {one: list(found) for one, found in self._from.items()},
            {one: list(found) for one, found in self._naming.items()},
        )
        for item in items:
            more.add(item)
        return more


Against = Mapping[int, Sequence[Apart]]
"""What stands against merges, by their places."""


def standing(items: Iterable[Item], so_far: MergedSoFar, apart: Iterable[Apart]) -> Against:
    """Return which judgements stand against merges after those made so far; those left out that a merge overrides."""
    naming: dict[str, list[Item]] = {}
    for item in items:
        for customer_id in item.customer_ids:
            naming.setdefault(customer_id, []).append(item)
    found: dict[int, dict[str, Apart]] = {}
    for one in apart:
        rights = so_far.above(one.right_id)
        for left in so_far.above(one.left_id) & naming.keys():
            for item in naming[left]:
                judgement_id = one.judgement.judgement_id
                if judgement_id not in item.overridden and any(r in rights and r != left for r in item.customer_ids):
                    found.setdefault(item.place, {}).setdefault(judgement_id, one)
    return {place: list(judged.values()) for place, judged in found.items()}


def certain(items: Sequence[Item], so_far: MergedSoFar, apart: Sequence[Apart]) -> tuple[Sequence[Item], Against]:
    """Return the first merges, one at least, of which it is certain what stands against them, with just that.

    What stands against a merge may depend on whether one before it is made: then it is left for a next time.
    """
    sure = standing(items, so_far, apart)
    doubted = standing(items, so_far.with_more(items), apart) if apart else {}
    for number, item in enumerate(items):
        known, doubts = len(sure.get(item.place, ())), doubted.get(item.place, ())
        if number and len(doubts) > known:
            made = so_far.with_more(items[:number])
            if len(standing([item], made, doubts).get(item.place, ())) > known:
                return items[:number], sure
    return items, sure


def in_one_call(items: Sequence[Item], so_far: MergedSoFar) -> tuple[Sequence[Item], Sequence[Item]]:
    """Return the merges that some of these build on, and as many of these, the first one at least, as go beside them.

    A tree of more merges than go in a call would be too large for another one, whichever of them are left out.
    """
    before = so_far.built_upon(items)
    while len(items) > 1 and len(before) + len(items) > MOST_SENT:
        items = items[: len(items) // 2]
        before = so_far.built_upon(items)
    return before[-(MOST_SENT - 1) :], items


def in_goes(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items a go at a time."""
    for start in range(0, len(items), MOST_AT_ONCE):
        yield items[start : start + MOST_AT_ONCE]


def _reached(start: Iterable[str], steps: Mapping[str, Sequence[str]]) -> set[str]:
    reached, waiting = set[str](), list(start)
    while waiting:
        if (one := waiting.pop()) not in reached:
            reached.add(one)
            waiting += steps.get(one, ())
    return reached

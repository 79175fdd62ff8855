"""Judged trees owns what judgements say together: who is one by a chain of them, and where they contradict."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.matching.domain.judgement import DIFFERENT, SAME


@dataclass(frozen=True, slots=True)
class Standing:
    """A judgement that holds, with the roots that its two customers belong to now."""

    judgement_id: str
    verdict: str
    left_id: str
    right_id: str
    left_root: str
    right_root: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A judgement DIFFERENT of two that are one: by the judgements SAME of a chain, or merged where there are none."""

    different: Standing
    chain: tuple[Standing, ...]

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """Return the two that are said to be different, then those that join them."""
        everyone = (one for each in (self.different, *self.chain) for one in (each.left_id, each.right_id))
        return tuple(dict.fromkeys(everyone))

    @property
    def judgement_ids(self) -> tuple[str, ...]:
        """Return the judgement that says DIFFERENT, then those that say SAME."""
        return tuple(one.judgement_id for one in (self.different, *self.chain))


class JudgedTrees:
    """Trees, joined by the judgements SAME between them."""

    def __init__(self, judged: Iterable[Standing]) -> None:
        self._edges: dict[str, list[tuple[str, Standing]]] = {}
        self._apart: dict[str, list[Standing]] = {}
        for one in judged:
            if one.verdict == DIFFERENT:
                self._apart.setdefault(one.left_root, []).append(one)
                self._apart.setdefault(one.right_root, []).append(one)
            elif one.verdict == SAME:
                self._edges.setdefault(one.left_root, []).append((one.right_root, one))
                self._edges.setdefault(one.right_root, []).append((one.left_root, one))

    def chain(self, one: str, other: str) -> tuple[Standing, ...] | None:
        """Return a shortest chain of judgements that says that two roots are one; None: nothing says so."""
        came: dict[str, tuple[str, Standing] | None] = {one: None}
        waiting = deque([one])
        while waiting and other not in came:
            here = waiting.popleft()
            for root, judged in self._edges.get(here, ()):
                if root not in came:
                    came[root] = (here, judged)
                    waiting.append(root)
        return self._walked_back(came, other) if other in came else None

    def conflicts(self) -> list[Conflict]:
        """Return where what is judged different is one."""
        different = {one.judgement_id: one for found in self._apart.values() for one in found}
        chains = ((one, self.chain(one.left_root, one.right_root)) for one in different.values())
        return [Conflict(one, chain) for one, chain in chains if chain is not None]

    def keep_apart(self, one: str, other: str) -> list[Standing]:
        """Return the judgements DIFFERENT between those that are one with a root and those that are with another."""
        left, right = self._joined(one), self._joined(other)
        near = {judged.judgement_id: judged for root in left for judged in self._apart.get(root, ())}
        return [judged for judged in near.values() if _between(judged, left, right) or _between(judged, right, left)]

    def answer(self, one: str, other: str) -> bool:
        """Return whether it is judged already that two roots are one, or that they are not."""
        return self.chain(one, other) is not None or bool(self.keep_apart(one, other))

    def answer_all(self, roots: Sequence[str]) -> bool:
        """Return whether it is judged already that all of these are one."""
        return all(self.chain(roots[0], one) is not None for one in roots[1:])

    def _joined(self, root: str) -> set[str]:
        joined, waiting = {root}, [root]
        while waiting:
            for other, _ in self._edges.get(waiting.pop(), ()):
                if other not in joined:
                    joined.add(other)
                    waiting.append(other)
        return joined

    @staticmethod
    def _walked_back(came: dict[str, tuple[str, Standing] | None], to: str) -> tuple[Standing, ...]:
        found: list[Standing] = []
        while (step := came[to]) is not None:
            to, judged = step
            found.append(judged)
        return tuple(reversed(found))


def _between(judged: Standing, lefts: set[str], rights: set[str]) -> bool:
    return judged.left_root in lefts and judged.right_root in rights

"""The forest of merged customers: trees of own records joined by edges, source to target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.customers.domain.record import OwnRecord

DEFAULT_RULE = "TARGET_WINS"
RULES = (
    DEFAULT_RULE,
    "SOURCE_WINS",
    "MOST_RECENT",
    "OLDEST",
    "MOST_COMPLETE",
    "MOST_FREQUENT",
    "SOURCE_PRIORITY",
)
"""The rules of a field of which one value survives."""

SOURCE_PRIORITY = ("MANUAL", "IMPORT", "API", "CHAT")
"""The order in which sources are trusted unless a company says otherwise."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A merge of one root into another, with the survivorship rules and choices resolved at merge time.

    `rules` gives a rule for each unit that does not follow the default; `choices` gives for each chosen unit the id of
    the member whose value is shown, never the value. `priority` is the order in which sources of customers are trusted.
    """

    merge_id: str
    source_id: str
    target_id: str
    merged_at: datetime
    rules: Mapping[str, str]
    choices: Mapping[str, str]
    priority: tuple[str, ...] = SOURCE_PRIORITY


@dataclass(frozen=True, slots=True)
class Tree:
    """A root and all that is merged into it: own records by id and the edges in force."""

    root_id: str
    members: Mapping[str, OwnRecord]
    edges: Sequence[Edge] = ()
    _into: Mapping[str, list[Edge]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        into: dict[str, list[Edge]] = {}
        for edge in sorted(self.edges, key=lambda edge: (edge.merged_at, edge.merge_id, edge.source_id)):
            into.setdefault(edge.target_id, []).append(edge)
        object.__setattr__(self, "_into", into)

    @property
    def root(self) -> OwnRecord:
        """The root's own record."""
        return self.members[self.root_id]

    def edges_into(self, customer_id: str) -> Sequence[Edge]:
        """The edges whose target is the member, oldest first."""
        return self._into.get(customer_id, ())

    def below(self, customer_id: str) -> Iterator[str]:
        """The ids of the member and of all that is merged into it, directly or through others; sources come later."""
        waiting = [customer_id]
        while waiting:
            member = waiting.pop()
            yield member
            waiting.extend(edge.source_id for edge in self.edges_into(member))

    def path(self, customer_id: str) -> list[str]:
        """The ids from a member up to the root, both included."""
        targets = {edge.source_id: edge.target_id for edge in self.edges}
        way = [customer_id]
        while way[-1] in targets:
            way.append(targets[way[-1]])
        return way

    def part(self, customer_id: str) -> Tree:
        """The tree of one member, as if it were a root."""
        ids = set(self.below(customer_id))
        inside = [edge for edge in self.edges if edge.target_id in ids]
        return Tree(customer_id, {member: self.members[member] for member in ids}, inside)

    def without(self, merge_id: str) -> list[Tree]:
        """The trees that are left when the edges of a merge are taken out: the root's first, then the sources'."""
        kept = Tree(self.root_id, self.members, [edge for edge in self.edges if edge.merge_id != merge_id])
        cut = [edge for edge in self.edges if edge.merge_id == merge_id]
        return [kept.part(self.root_id), *(kept.part(edge.source_id) for edge in cut)]


def joined(target: Tree, sources: Sequence[Tree], edges: Sequence[Edge]) -> Tree:
    """The tree of the target with those of the sources joined to it by new edges."""
    members = dict(target.members)
    all_edges = list(target.edges)
    for source in sources:
        members.update(source.members)
        all_edges.extend(source.edges)
    return Tree(target.root_id, members, [*all_edges, *edges])

"""Random forests of customers: records, merges in any order, undos in any order, edits in between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from services.customers.domain.consent import answer
from services.customers.domain.edits import change_of, edited, new_record
from services.customers.domain.fields import Fields, Json
from services.customers.domain.fold import fold
from services.customers.domain.forest import SOURCE_PRIORITY, Edge, Tree, joined
from services.customers.domain.record import Actor, OwnRecord
from services.customers.domain.survivorship import RULES_OF, SINGLE

START = datetime(2024, 1, 1, tzinfo=UTC)
ANN = Actor("ann", "Ann")
LETTERS = "ABCDEF"
Draw = Callable[..., Any]
"""Draws from a strategy, in a test or in a composite strategy."""


def point(kind: str, value: str, **more: Json) -> dict[str, Json]:
    """A contact point as stored, neither primary nor verified unless said."""
    seen = START.isoformat()
    return {
        "kind": kind,
        "value": value,
        "normalized_value": value.casefold(),
        "primary": False,
        "verified": False,
        "first_seen": seen,
        "last_seen": seen,
        **more,
    }


def email(value: str, **more: Json) -> dict[str, Json]:
    return point("EMAIL", value, **more)


def own(*, after: int = 0, **fields: Json) -> OwnRecord:
    """The own record of a customer that was created some seconds after the start."""
    return new_record(fields, START + timedelta(seconds=after), ANN)


def edge(source: str, target: str, *, after: int, rules: Any = None, choices: Any = None, merge: str = "") -> Edge:
    """A merge of one root into another, some seconds after the start."""
    at = START + timedelta(seconds=after)
    return Edge(merge or f"{source}>{target}", source, target, at, rules or {}, choices or {})


def pair(target: OwnRecord, source: OwnRecord, **how: Any) -> Tree:
    """T with S merged into it an hour after the start."""
    return Tree("T", {"T": target, "S": source}, [edge("S", "T", after=3600, **how)])


@dataclass
class World:
    """A forest in which time goes on by a second with each thing that is done."""

    records: dict[str, OwnRecord]
    edges: list[Edge] = field(default_factory=list)
    seconds: int = 0

    def tick(self) -> datetime:
        self.seconds += 1
        return START + timedelta(hours=1, seconds=self.seconds)

    def roots(self) -> list[str]:
        merged = {edge.source_id for edge in self.edges}
        return [customer_id for customer_id in self.records if customer_id not in merged]

    def tree(self, root_id: str) -> Tree:
        return Tree(root_id, self.records, self.edges).part(root_id)

    def folds(self) -> dict[str, Fields]:
        """What each root shows."""
        return {root_id: fold(self.tree(root_id)) for root_id in self.roots()}

    def merge(self, target: str, sources: Sequence[str], rules: Any, choices: Any) -> str:
        now, merge_id = self.tick(), f"merge {len(self.edges)} {self.seconds}"
        new = [
            Edge(merge_id, source, target, now + timedelta(microseconds=place), rules, choices)
            for place, source in enumerate(sources)
        ]
        tree = joined(self.tree(target), [self.tree(source) for source in sources], new)
        assert set(tree.members) == set(tree.below(target))
        self.edges += new
        return merge_id

    def undo(self, merge_id: str) -> list[Tree]:
        """Takes a merge out; answers the trees that are left of the one that it was in."""
        target = next(edge.target_id for edge in self.edges if edge.merge_id == merge_id)
        way = {edge.source_id: edge.target_id for edge in self.edges}
        while target in way:
            target = way[target]
        left = self.tree(target).without(merge_id)
        self.edges = [edge for edge in self.edges if edge.merge_id != merge_id]
        return left

    def edit(self, root_id: str, paths: Sequence[str], fields: Fields) -> None:
        now, tree = self.tick(), self.tree(root_id)
        self.records[root_id] = edited(tree, change_of(fold(tree), paths, fields, now), now, ANN)

    def merges(self) -> list[str]:
        return list(dict.fromkeys(edge.merge_id for edge in self.edges))


addresses = st.builds(
    email, st.sampled_from(["a@x.io", "b@x.io", "c@x.io", "d@x.io"]), primary=st.booleans(), verified=st.booleans()
)
point_lists = st.lists(addresses, max_size=3, unique_by=lambda item: item["value"])
tags = st.lists(st.sampled_from(["new", "vip", "late"]), max_size=2, unique=True)
records: st.SearchStrategy[Fields] = st.fixed_dictionaries(
    {"name": st.sampled_from(["Ann Lee", "Bo", "Cy Young-Ferrer"])},
    optional={
        "organization": st.sampled_from(["Acme", "Bolt & Sons"]),
        "birth_date": st.sampled_from(["1980-01-01", "1990-02-03"]),
        "customer_type": st.sampled_from(["WALK_IN", "VIP"]),
        "lifecycle_stage": st.sampled_from(["LEAD", "CUSTOMER"]),
        "metadata": st.sampled_from([{"colour": "blue"}, {"size": 3}, {"size": 4, "colour": "red"}]),
        "source": st.sampled_from(SOURCE_PRIORITY),
        "contact_points": point_lists,
        "tags": tags,
        "external_ids": st.sampled_from([[{"system": "crm", "external_id": "1"}], []]),
        "preferred_payment": st.sampled_from(["cash", "mpesa"]),
        "favorite_products": tags,
        "do_not_contact": st.builds(answer, st.booleans(), st.just(START), st.sampled_from(["", "form"])),
    },
)
rules = st.lists(
    st.sampled_from(SINGLE).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(RULES_OF[name]))), max_size=5
).map(dict)
PATHS = ("name", "organization", "birth_date", "tags", "contact_points", "metadata", "customer_type")
edits = st.tuples(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True), records)


@st.composite
def worlds(draw: st.DrawFn, most: int = 6) -> World:
    """A few customers that nobody has merged yet."""
    drafts = draw(st.lists(records, min_size=2, max_size=most))
    return World({LETTERS[place]: own(after=place % 3, **draft) for place, draft in enumerate(drafts)})


@st.composite
def forests(draw: st.DrawFn) -> World:
    """Customers after some merges and edits in any order."""
    world = draw(worlds())
    act(draw, world, lambda: draw(st.sampled_from(["merge", "merge", "edit"])))
    return world


def act(draw: Draw, world: World, what: Callable[[], str], most: int = 7) -> None:
    """Does some things to a forest."""
    for _ in range(draw(st.integers(1, most))):
        kind = what()
        if kind == "merge" and len(world.roots()) > 1:
            random_merge(draw, world)
        elif kind == "edit":
            paths, fields = draw(edits)
            world.edit(draw(st.sampled_from(world.roots())), paths, fields)


def random_merge(draw: Draw, world: World) -> str:
    target, *others = draw(st.permutations(world.roots()))
    sources = others[: draw(st.integers(1, 2))]
    members = [member for root in (target, *sources) for member in world.tree(root).members]
    names = st.sampled_from(["name", "organization", "birth_date", "email", "customer_type"])
    choices = draw(st.dictionaries(names, st.sampled_from(members), max_size=2))
    return world.merge(target, sources, draw(rules), choices)

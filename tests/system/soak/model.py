"""What a company should hold: a forest of customers, and children that stay with the id that their writer named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

Pair = frozenset[str]
LIVE = {"ACTIVE", "INACTIVE"}


@dataclass
class Talk:
    """A conversation: whom it is linked to, and the characters of each of its turns."""

    session: str
    origin: str | None
    turns: list[int]


@dataclass
class Sold:
    """A sale: what is left of it in minor units, and whether it was declared void."""

    origin: str
    currency: str
    minor: int
    left: int
    void: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is in the figures: not once it is void, or given back as a whole."""
        return not self.void and self.left > 0


@dataclass(frozen=True)
class Merged:
    """A merge that was made."""

    merge_id: str
    target: str
    sources: tuple[str, ...]


@dataclass
class Model:
    """One company. `touches` counts what was done to the children of each customer, `own` hashes its own record.

    `imported` says whom a row of the other system belongs to; `named` is the name that was written to a customer last:
    what it shows when nothing is merged into it.
    """

    states: dict[str, str] = field(default_factory=dict)
    live_state: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    edits: int = 0
    standing: dict[str, Merged] = field(default_factory=dict)
    undone: list[Merged] = field(default_factory=list)
    notes: dict[str, tuple[str, str]] = field(default_factory=dict)
    talks: dict[str, Talk] = field(default_factory=dict)
    sales: dict[str, Sold] = field(default_factory=dict)
    verdicts: dict[Pair, str] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    opted_in: set[str] = field(default_factory=set)
    touches: Counter[str] = field(default_factory=Counter)
    own: dict[str, str] = field(default_factory=dict)

    def add(self, customer: str, name: str) -> None:
        """A new customer."""
        assert customer not in self.states
        self.states[customer] = self.live_state[customer] = "ACTIVE"
        self.named[customer] = name

    @property
    def customers(self) -> list[str]:
        return list(self.states)

    @property
    def above(self) -> dict[str, str]:
        """The target of each customer that is merged."""
        return {source: merged.target for merged in self.standing.values() for source in merged.sources}

    def root(self, customer: str) -> str:
        above = self.above
        while customer in above:
            customer = above[customer]
        return customer

    def roots(self) -> list[str]:
        above = self.above
        return [customer for customer in self.states if customer not in above]

    def below(self, customer: str) -> list[str]:
        """The customer and all that is merged into it."""
        above = self.above

        def leads_there(one: str) -> bool:
            while one != customer and one in above:
                one = above[one]
            return one == customer

        return [one for one in self.states if leads_there(one)]

    def is_live(self, customer: str) -> bool:
        return self.states[self.root(customer)] in LIVE

    def shown_state(self, customer: str) -> str:
        return "MERGED" if customer in self.above else self.states[customer]

    def merges_of(self, customers: Iterable[str]) -> frozenset[str]:
        """The standing merges among some customers."""
        inside = set(customers)
        return frozenset(one.merge_id for one in self.standing.values() if one.target in inside)

    def edges_at(self, customer: str) -> frozenset[tuple[str, str]]:
        """The edges that touch a customer."""
        return frozenset(
            (one.merge_id, source)
            for one in self.standing.values()
            for source in one.sources
            if customer in {one.target, source}
        )

    def apart(self, customers: Iterable[str], but: Pair | None = None) -> bool:
        """Whether any judgement, other than that of one pair, says that these are different persons.

        Asked of whole trees for roots, and of the customer alone for one that is merged.
        """
        above = self.above
        trees = [{one} if one in above else set(self.below(one)) for one in dict.fromkeys(customers)]
        return any(
            verdict == "DIFFERENT" and pair != but and _split(pair, trees) for pair, verdict in self.verdicts.items()
        )

    def digest_key(self, customer: str) -> tuple[object, ...]:
        """Equal whenever nobody edited a customer, its children or its edges."""
        return customer, self.own[customer], self.touches[customer], self.edges_at(customer)

    def view_key(self, customer: str) -> tuple[object, ...]:
        """All that what is shown of a customer may depend on."""
        below = self.below(customer)
        owns = frozenset((one, self.own[one]) for one in below)
        return customer, self.root(customer), owns, self.merges_of(below)


def _split(pair: Pair, trees: list[set[str]]) -> bool:
    left, right = sorted(pair)
    return any(
        (left in one and right in other) or (right in one and left in other)
        for place, one in enumerate(trees)
        for other in trees[place + 1 :]
    )

"""Customer filling owns what a conversation adds to its customer: empty fields, further contact points, never more."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from services.identity.addresses import parse_address
from services.identity.countries import region_of_country
from services.identity.emails import normalize_email
from services.identity.phones import normalize_phone
from services.matching.domain.conversation import Given

EMAIL, PHONE, ADDRESS = "EMAIL", "PHONE", "ADDRESS"
MOST_POINTS = 50
"""What one customer holds. What merges bring to a root does not count, and only customers knows what is its own."""

LONGEST = {EMAIL: 320, PHONE: 64, ADDRESS: 500}
Point = tuple[str, str]
"""The kind of a contact point, and its value."""


@dataclass(frozen=True)
class CustomerNow:
    """A customer as customers shows it now: the root. `message` is what it was read as, for whoever writes it."""

    customer_id: str
    etag: str
    name: str
    points: frozenset[Point]
    """Kinds and normalised values."""

    countries: tuple[str, ...] = ()
    """The countries of its addresses, as written."""

    united: bool = False
    """Whether others are merged into it."""

    message: object = field(default=None, compare=False)
    change_token: str = ""

    @property
    def region(self) -> str:
        """Return the region of its own address, by which its phones are read; empty: the company's."""
        return next((code for country in self.countries if country and (code := region_of_country(country))), "")


@dataclass(frozen=True)
class Filling:
    """What is to be written: a name where there is none, and contact points that are not there yet."""

    name: str = ""
    points: tuple[Point, ...] = ()
    filled: tuple[str, ...] = ()
    """The fields that were empty, as their names in Customer."""

    added: tuple[str, ...] = ()
    """The kinds of the further contact points."""

    def __bool__(self) -> bool:
        return bool(self.name or self.points)

    @property
    def without_last_point(self) -> "Filling":
        """Return what is left of it where there is no room for all of its points."""
        kind = self.points[-1][0]
        filled, added = (tuple(one for one in told if one.upper() != kind) for told in (self.filled, self.added))
        return replace(self, points=self.points[:-1], filled=filled, added=added)


def filling(given: Given, customer: CustomerNow, region: str, leave_out: Iterable[str] = ()) -> Filling:
    """Return what a conversation adds to a customer; kinds in `leave_out` are those that many others have."""
    known = {kind for kind, _ in customer.points}
    given_points = points_of(given)
    room = len(given_points) if customer.united else MOST_POINTS - len(customer.points)
    points = [
        (kind, value)
        for kind, value in given_points
        if kind not in {*leave_out} and (kind, _normal(kind, value, customer.region or region)) not in customer.points
    ][: max(room, 0)]
    filled = [kind.lower() for kind, _ in points if kind not in known]
    name = given.name if given.name and not customer.name else ""
    return Filling(
        name,
        tuple(points),
        tuple((["name"] if name else []) + filled),
        tuple(kind for kind, _ in points if kind in known),
    )


def points_of(given: Given) -> list[Point]:
    """Return what was given as contact points."""
    named = ((EMAIL, given.email), (PHONE, given.phone), (ADDRESS, given.address))
    return [(kind, value) for kind, value in named if value and len(value) <= LONGEST[kind]]


def provenance(conversation_id: str) -> str:
    """Return what a contact point says of where it came from."""
    return f"conversation {conversation_id}"


def _normal(kind: str, value: str, region: str) -> str:
    """Return a value as customers compares it."""
    if kind == EMAIL:
        return normalize_email(value)
    if kind == PHONE:
        return normalize_phone(value, region)
    return " ".join(part for part in parse_address(value) if part)

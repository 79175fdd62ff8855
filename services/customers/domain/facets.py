"""Facets: the choices of a record as one number, and the numbers that a filter allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from services.customers.domain.contact_points import primary
from services.customers.domain.fields import Json

NO_YES = ("NO", "YES")
FACETS: Mapping[str, tuple[int, Sequence[str]]] = {
    "has_email": (1, NO_YES),
    "has_phone": (2, NO_YES),
    "has_address": (4, NO_YES),
    "source": (8, ("API", "CHAT", "MANUAL", "IMPORT")),
    "lifecycle_stage": (32, ("PROSPECT", "LEAD", "CUSTOMER", "CHURNED")),
    "customer_type": (128, ("WALK_IN", "REGULAR", "VIP", "WHOLESALE")),
    "party_type": (512, ("PERSON", "ORGANIZATION")),
    "state": (1024, ("ACTIVE", "INACTIVE", "MERGED", "DELETED", "ERASED")),
}
"""What each facet adds for its first value, its second one and so on: nothing, its weight, twice its weight..."""


def facets_of(view: Mapping[str, Json]) -> int:
    """The number of what is shown of a customer; the database calculates the same for its column."""
    points = view.get("contact_points", [])
    email, phone = primary(points, "EMAIL"), primary(points, "PHONE")
    has = {
        "has_email": email and email["value"],
        "has_phone": phone and phone["normalized_value"],
        "has_address": any(point["kind"] == "ADDRESS" for point in points),
    }
    chosen = {**view, **{name: NO_YES[bool(found)] for name, found in has.items()}}
    return sum(weight * values.index(chosen.get(name) or values[0]) for name, (weight, values) in FACETS.items())


def allowed(wanted: Mapping[str, Sequence[str]]) -> list[int]:
    """Every number whose facets all have one of the wanted values, lowest first; one without wanted ones has any."""
    parts = [
        [weight * values.index(value) for value in (wanted.get(name) or values)]
        for name, (weight, values) in FACETS.items()
    ]
    return sorted(sum(part) for part in product(*parts))


def stretches(states: Sequence[str]) -> list[tuple[int, int]]:
    """The numbers of some states, whatever else is chosen: from each first one to before each last one."""
    size, values = FACETS["state"]
    found: list[tuple[int, int]] = []
    for place in sorted(map(values.index, states)):
        start, end = place * size, (place + 1) * size
        found = [*found[:-1], (found[-1][0], end)] if found and found[-1][1] == start else [*found, (start, end)]
    return found


def bits_of(name: str, wanted: Sequence[str]) -> tuple[int, int, list[int]]:
    """Where the bits of a facet begin, their mask from there, and what they say for the wanted values."""
    weight, values = FACETS[name]
    mask = (1 << (len(values) - 1).bit_length()) - 1
    return weight.bit_length() - 1, mask, [values.index(value) for value in wanted]

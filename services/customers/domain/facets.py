"""Facets: the choices of a record as one number, and the numbers that a filter allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

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


def allowed(wanted: Mapping[str, Sequence[str]]) -> list[int]:
    """Every number whose facets all have one of the wanted values, lowest first; one without wanted ones has any."""
    parts = [
        [weight * values.index(value) for value in (wanted.get(name) or values)]
        for name, (weight, values) in FACETS.items()
    ]
    return sorted(sum(part) for part in product(*parts))

"""The text by which a customer is found, and its labels: folded, from what is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.customers.domain.facets import facets_of
from services.customers.domain.fields import Json
from services.identity.names import name_sort
from services.identity.text import fold

Label = tuple[str, str, int]
"""Kind (TAG or SYSTEM), label (a folded tag, or another system) and the facets of who has it."""

LONGEST = 4_000
"""Characters of the text that are kept: the name, e-mails and phones first."""

SHORTEST_WORD, LONGEST_WORD = 3, 40
_WORD = re.compile(r"[^\W_]+")


def search_text(view: Mapping[str, Json]) -> str:
    """Name, e-mails, digits of phones and tags, folded, each on a line of its own and none twice."""
    points = view.get("contact_points", ())
    parts = [name_sort(view.get("name", ""))]
    for point in points:
        if point["kind"] == "EMAIL":
            parts += [email_text(point["value"]), point["normalized_value"]]
        elif point["kind"] == "PHONE":
            parts.append(point["normalized_value"].lstrip("+"))
    parts += [fold(tag) for tag in view.get("tags", ())]
    return "\n".join(dict.fromkeys(filter(None, parts)))[:LONGEST]


def name_words(view: Mapping[str, Json]) -> set[str]:
    """The words of a name that a misspelt one is looked up among."""
    return set(spelled_words(name_sort(view.get("name", ""))))


def spelled_words(folded: str) -> list[str]:
    """The words of a folded text that have a spelling: letters and digits, neither initials nor of no end."""
    return [word for word in _WORD.findall(folded) if SHORTEST_WORD <= len(word) <= LONGEST_WORD]


def email_text(value: str) -> str:
    """An e-mail as it is looked for: letter case aside."""
    return value.casefold()


def labels(view: Mapping[str, Json]) -> set[Label]:
    """What lists find a customer by that it shows several of, each beside the number of its facets."""
    names = {("TAG", fold(tag)) for tag in view.get("tags", ())}
    names |= {("SYSTEM", item["system"]) for item in view.get("external_ids", ())}
    facets = facets_of(view) if names else 0
    return {(kind, label, facets) for kind, label in names}

"""Which fields of a customer fit what is looked for, and which stretches of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from services.customers.domain.fields import Json
from services.customers.domain.search import SIMILAR, Wanted
from services.identity.text import fold

LEAST_LIKENESS = 0.3
LEAST_OF_LETTERS = 0.75
KINDS = {"EMAIL": "EMAIL", "PHONE": "PHONE"}


@dataclass(frozen=True, slots=True)
class Match:
    """A field (NAME, EMAIL, PHONE or TAG), its value as written, how well it fits, and where: start and length."""

    field: str
    value: str
    score: float
    highlights: tuple[tuple[int, int], ...]


def matches(wanted: Wanted, shown: Mapping[str, Json]) -> list[Match]:
    """The fields that fit, the best one first."""
    found = [match for name, value, text in _fields(shown) if (match := _match(wanted, name, value, text))]
    return sorted(found, key=lambda match: -match.score)


def _fields(shown: Mapping[str, Json]) -> Iterator[tuple[str, str, list[str]]]:
    """Each field that is searched: its name, its value, and the forms by which it is found."""
    if shown.get("name"):
        yield "NAME", shown["name"], [fold(shown["name"])]
    for point in shown.get("contact_points", ()):
        if point["kind"] in KINDS:
            yield KINDS[point["kind"]], point["value"], [fold(point["value"]), point["normalized_value"]]
    for tag in shown.get("tags", ()):
        yield "TAG", tag, [fold(tag)]


def _match(wanted: Wanted, name: str, value: str, texts: list[str]) -> Match | None:
    score = max(wanted.fit_of(text, is_name=name == "NAME") for text in texts)
    if score:
        return Match(name, value, score, tuple(_stretches(wanted, value, is_phone=name == "PHONE")))
    likeness, stretches = _alike(wanted, value)
    return Match(name, value, SIMILAR * likeness, stretches) if likeness else None


def _stretches(wanted: Wanted, value: str, *, is_phone: bool) -> Iterator[tuple[int, int]]:
    """Where the query, or else each of its words, stands in the value as written."""
    folded, places = _folded(value)
    if is_phone and wanted.digits:
        digits = [(character, place) for character, place in zip(folded, places, strict=True) if character.isdecimal()]
        folded, places = "".join(character for character, _ in digits), [place for _, place in digits]
    for sought in (
        [wanted.digits] if is_phone and wanted.digits else [wanted.text] if wanted.text in folded else wanted.words
    ):
        at = folded.find(sought)
        if at >= 0 and sought:
            yield places[at], places[at + len(sought) - 1] + 1 - places[at]


def _folded(value: str) -> tuple[str, list[int]]:
    """The value folded character by character, and for each character of that its place in the value."""
    pairs = [
        (character, place)
        for place, own in enumerate(value)
        for character in (fold(own) or ("" if own else " ")) or " "
    ]
    return "".join(character for character, _ in pairs), [place for _, place in pairs]


def _alike(wanted: Wanted, value: str) -> tuple[float, tuple[tuple[int, int], ...]]:
    """How like the query's words those of a value are at best, and where they stand."""
    if not wanted.similar:
        return 0.0, ()
    folded, places = _folded(value)
    found: dict[tuple[int, int], float] = {}
    total = 0.0
    for word in wanted.words:
        likeness, start, end = max(
            ((_likeness(word, own), start, end) for own, start, end in _words(folded)), default=(0.0, 0, 0)
        )
        if likeness >= LEAST_LIKENESS:
            found[(places[start], places[end - 1] + 1 - places[start])] = likeness
            total += likeness
    return total / len(wanted.words), tuple(sorted(found))


def _words(folded: str) -> Iterator[tuple[str, int, int]]:
    start = 0
    for end in range(len(folded) + 1):
        if end == len(folded) or not folded[end].isalnum():
            if end > start:
                yield folded[start:end], start, end
            start = end + 1


def _likeness(one: str, other: str) -> float:
    """The share of trigrams that two words have in common (Jaccard, as similarity of pg_trgm), or that of letters.

    The latter (Ratcliff and Obershelp, 1988) only where it is high: it sees letters that changed places.
    """
    mine, theirs = _trigrams(one), _trigrams(other)
    letters = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return max(len(mine & theirs) / len(mine | theirs), letters if letters >= LEAST_OF_LETTERS else 0.0)


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}

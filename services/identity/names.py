"""Names owns how a person's name is read: order, titles, generations, initials, accents, sorting."""

import re
from typing import NamedTuple

from services.identity.name_words import DEGREES, GENERATIONS, PARTICLES, TITLES
from services.identity.text import fold

_ASIDE = re.compile(r"\(.*?\)|\".*?\"")
_APOSTROPHE = re.compile(r"['’`´ʼ]")
_NOT_WORD = re.compile(r"[^\w-]+|_+|(?<!\w)-+|-+(?!\w)")


class PersonName(NamedTuple):
    """A person's name in folded parts; an empty part was not given."""

    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""


NO_NAME = PersonName()


def parse_name(text: str) -> PersonName:
    """Read a whole name: 'Dr. Ana de la Cruz Jr.', 'Smith, John Q.' and 'BOB SMITH' alike."""
    folded = fold(text)
    if '"' in folded or "(" in folded:
        folded = _ASIDE.sub(" ", folded)
    head, comma, tail = folded.partition(",")
    before, suffix = _without_endings(name_words(head))
    if not comma:
        return _in_order(_without_titles(before), suffix)
    after, later_suffix = _without_endings(name_words(tail))
    suffix = suffix or later_suffix
    if not after:
        return _in_order(_without_titles(before), suffix)
    after = _without_titles(after)
    return PersonName(after[0], " ".join(after[1:]), " ".join(_without_titles(before)), suffix)


def join_name(given: str, middle: str, family: str, suffix: str = "") -> PersonName:
    """Read a name that comes in parts; several given names share themselves out to the middle."""
    givens, suffix_in_given = given_words(given)
    families, suffix_in_family = family_words(family)
    return PersonName(
        givens[0] if givens else "",
        " ".join(givens[1:] + name_words(fold(middle))),
        " ".join(families),
        generation(suffix) or suffix_in_family or suffix_in_given,
    )


def given_words(given: str) -> tuple[list[str], str]:
    """Return the words of a given name without title, and the generation that stands behind it."""
    return _without_endings(_without_titles(name_words(fold(given))))


def family_words(family: str) -> tuple[list[str], str]:
    """Return the words of a family name, and the generation that stands behind it."""
    return _without_endings(name_words(fold(family)))


def generation(suffix: str) -> str:
    """Return the generation that a suffix says, such as jr."""
    return GENERATIONS.get("".join(name_words(fold(suffix))), "")


def normalize_name(text: str) -> str:
    """Return the name's words in the order of speech, folded: the form in which whole names are equal."""
    return " ".join(part for part in parse_name(text) if part)


def name_sort(text: str) -> str:
    """Return the folded text by which names are sorted and prefixes found; other scripts stay themselves."""
    return fold(text)


def name_words(folded: str) -> list[str]:
    """Return the words of a folded name."""
    if folded.isascii() and folded.replace(" ", "").isalpha():
        return folded.split()
    return _NOT_WORD.sub(" ", _APOSTROPHE.sub("", folded)).split()


def _without_titles(names: list[str]) -> list[str]:
    first = 0
    while first < len(names) - 1 and names[first] in TITLES:
        first += 1
    return names[first:]


def _without_endings(names: list[str]) -> tuple[list[str], str]:
    suffix, last = "", len(names)
    while last > 1 or (last == 1 and names[0] in DEGREES | GENERATIONS.keys()):
        word = names[last - 1]
        if word not in DEGREES and word not in GENERATIONS:
            break
        suffix = suffix or GENERATIONS.get(word, "")
        last -= 1
    return names[:last], suffix


def _in_order(names: list[str], suffix: str) -> PersonName:
    if len(names) <= 1:
        return PersonName(given=names[0] if names else "", suffix=suffix)
    first_of_family = len(names) - 1
    while first_of_family > 1 and names[first_of_family - 1] in PARTICLES:
        first_of_family -= 1
    family = " ".join(names[first_of_family:])
    return PersonName(names[0], " ".join(names[1:first_of_family]), family, suffix)

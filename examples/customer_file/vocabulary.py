"""The vocabulary owns the word lists of words.json: names, towns, streets and how each country writes them."""

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .dice import Weighted, by_rank


@dataclass(frozen=True, slots=True)
class City:
    """A town; in `postal_pattern` # stands for any digit."""

    name: str
    region: str
    postal_pattern: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Country:
    """What a country's customers are called and how their addresses and numbers are written."""

    code: str
    male: Weighted[str]
    female: Weighted[str]
    family: Weighted[str]
    cities: Weighted[City]
    streets: Weighted[str]
    ways: tuple[str, ...]
    street_form: str
    unit_forms: tuple[str, ...]
    number_form: str
    phone_writings: tuple[str, ...]
    mail_domains: tuple[str, ...]
    legal_forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All word lists."""

    countries: Weighted[Country]
    family_heads: tuple[str, ...]
    family_tails: tuple[str, ...]
    trades: tuple[str, ...]
    business_heads: tuple[str, ...]
    shared_mailboxes: tuple[str, ...]
    nicknames: dict[str, tuple[str, ...]]
    latin: dict[int, str]


@cache
def vocabulary() -> Vocabulary:
    """Return the word lists, read once."""
    raw = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    countries = [_country(code, entry) for code, entry in raw["countries"].items()]
    shares = [entry["share"] for entry in raw["countries"].values()]
    pairs = [entry.partition(":") for entry in raw["nicknames"].split(" ")]
    return Vocabulary(
        countries=Weighted(countries, shares),
        family_heads=_words(raw["family_heads"]),
        family_tails=_words(raw["family_tails"]),
        trades=_words(raw["trades"]),
        business_heads=_words(raw["business_heads"]),
        shared_mailboxes=_words(raw["shared_mailboxes"]),
        nicknames={full: tuple(short.split(",")) for full, _, short in pairs},
        latin=_latin_letters(raw["latin"]),
    )


def plain_ascii(text: str) -> str:
    """Return text without accents, in Latin letters: what an e-mail address or a careless clerk makes of it."""
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text.translate(vocabulary().latin))
    return letters.encode("ascii", "ignore").decode("ascii")


def _country(code: str, raw: dict[str, Any]) -> Country:
    cities = [entry.split("|") for entry in raw["cities"].split(";")]
    return Country(
        code=code,
        male=by_rank(_words(raw["male"])),
        female=by_rank(_words(raw["female"])),
        family=by_rank(_words(raw["family"])),
        cities=Weighted([City(*entry[:4]) for entry in cities], [float(entry[4]) for entry in cities]),
        streets=by_rank(_words(raw["streets"])),
        ways=_words(raw["ways"]),
        street_form=raw["street"],
        unit_forms=tuple(raw["units"].split(";")),
        number_form=raw["numbers"],
        phone_writings=tuple(raw["writings"].split(";")),
        mail_domains=_words(raw["mail"]),
        legal_forms=tuple(form.replace("\u00a0", " ") for form in raw["legal"].split(";")),
    )


def _words(text: str) -> tuple[str, ...]:
    """Split at plain spaces; a no-break space is a space inside one entry."""
    return tuple(word.replace("\u00a0", " ") for word in text.split(" "))


def _latin_letters(text: str) -> dict[int, str]:
    small = dict(entry.split(":") for entry in text.split(" "))
    accented = {"ά": "a", "έ": "e", "ή": "i", "ί": "i", "ό": "o", "ύ": "y", "ώ": "o"}
    letters = small | accented
    capitals = {letter.upper(): latin.capitalize() for letter, latin in letters.items() if letter != "ß"}
    return {ord(letter): latin for letter, latin in (letters | capitals).items()}

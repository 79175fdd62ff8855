"""Addresses owns how a postal address is read: from one line or from parts, with units and abbreviations."""

import re
from typing import NamedTuple

from services.identity.address_words import ABBREVIATIONS, REGIONS, UNITS
from services.identity.text import fold

UNIT_HINT = r"#|\b(?:apt|apartment|unit|suite|ste|flat|room|rm|lot)\b"
"""What stands before the number of a unit."""

UNIT = r"(?:\b(?:apt|apartment|unit|suite|ste|flat|room|rm|lot)\b[\s.:#]*|#\s*)(\w+(?:-\w+)?)"
HOUSE_NUMBER = r"\d+[a-z]?(?:[-/]\d+[a-z]?)?"

_UNIT = re.compile(UNIT)
_POSTCODE = re.compile(r"\b(\d{5}(?:-\d{4})?|[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}|[a-z]\d[a-z]\s*\d[a-z]\d|\d{4}|\d{6})\b")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NUMBER = re.compile(HOUSE_NUMBER)


class PostalAddress(NamedTuple):
    """A postal address in folded parts; an empty part was not given."""

    house_number: str = ""
    street: str = ""
    unit: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


NO_ADDRESS = PostalAddress()


def parse_address(text: str) -> PostalAddress:
    """Read an address that is written in one line, such as '12 Oak Street, Apt 4, Springfield, IL 62704'."""
    folded, unit = _take_unit(fold(text))
    segments = [segment for segment in (part.strip() for part in folded.split(",")) if segment]
    if not segments:
        return PostalAddress(unit=unit)
    number, street = _street(segments[0])
    if not street and len(segments) > 1:
        number, street = _street(f"{number} {segments.pop(1)}")
    city, region, postcode, country = locality(segments[1:])
    return PostalAddress(number, street, unit, city, region, postcode, country)


def join_address(
    street: str = "", city: str = "", region: str = "", postal_code: str = "", country: str = ""
) -> PostalAddress:
    """Read an address that comes in parts."""
    line, unit = _take_unit(fold(street)) if street else ("", "")
    number, road = _street(line.replace(",", " "))
    return PostalAddress(number, road, unit, place_name(city), _region(region), postcode_of(postal_code), fold(country))


def street_name(text: str) -> str:
    """Return the words of a folded street, abbreviated."""
    if text.isascii() and text.replace(" ", "").isalnum():
        return " ".join([ABBREVIATIONS.get(word, word) for word in text.split()])
    return " ".join([ABBREVIATIONS.get(word, word) for word in _WORD.findall(text)])


def place_name(text: str) -> str:
    """Return the words of a city, abbreviated."""
    folded = text if text.isascii() and text.islower() and text.isalpha() else fold(text)
    return " ".join(ABBREVIATIONS.get(word, word) for word in _WORD.findall(folded) if word not in UNITS)


def postcode_of(text: str) -> str:
    """Return a postcode for comparing."""
    return _code(fold(text))


def _take_unit(folded: str) -> tuple[str, str]:
    match = _UNIT.search(folded)
    if match is None or match.start() == 0:
        return folded, ""
    return f"{folded[: match.start()]} {folded[match.end() :]}", match[1]


def _street(line: str) -> tuple[str, str]:
    """Split a street line into house number and street, wherever the number stands."""
    parts = _WORD.findall(line)
    kept = [ABBREVIATIONS.get(part, part) for part in parts]
    if len(kept) > 1 and kept[0][0].isdigit() and _NUMBER.fullmatch(kept[0]):
        return kept[0], " ".join(kept[1:])
    if len(kept) > 1 and kept[-1][0].isdigit() and _NUMBER.fullmatch(kept[-1]):
        return kept[-1], " ".join(kept[:-1])
    return ("", " ".join(kept)) if kept and not kept[0].isdigit() else (" ".join(kept), "")


def locality(segments: list[str]) -> tuple[str, str, str, str]:
    """Read city, region, postcode and country from the folded parts that follow the street."""
    postcode = country = ""
    places: list[str] = []
    for segment in segments:
        rest = segment
        match = None if postcode else _POSTCODE.search(segment)
        if match is not None:
            postcode = _code(match[1])
            rest = f"{segment[: match.start()]} {segment[match.end() :]}"
        place = " ".join(_WORD.findall(rest))
        if place:
            places.append(place)
    region = ""
    if len(places) > 2:
        country = places.pop()
    if len(places) > 1:
        region = _region(places.pop())
    elif places and " " in places[0] and places[0].rsplit(" ", 1)[1] in REGIONS.values():
        places[0], region = places[0].rsplit(" ", 1)
    return place_name(" ".join(places)), region, postcode, country


def _region(text: str) -> str:
    folded = fold(text).replace(".", "")
    return REGIONS.get(folded, folded)


def _code(text: str) -> str:
    return text.partition("-")[0].replace(" ", "") if text[:5].isdigit() else text.replace(" ", "")

"""Phones owns the international form of a phone number, and what to compare when there is none."""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from services.identity.text import clean, fold

LONGEST_PHONE = 60

_SEPARATORS = str.maketrans("", "", " -.()/\t\xa0")
_FEWEST_DIGITS = 5


class NumberingPlan(NamedTuple):
    """What a region's numbers look like, for the common case that needs no parser."""

    calling_code: str
    trunk_prefix: str
    national: re.Pattern[str]


def normalize_phone(text: str, region: str = "US") -> str:
    """Return a phone number as E.164; failing that its digits; failing that the folded text."""
    bare = text.translate(_SEPARATORS) if len(text) <= LONGEST_PHONE else ""
    if (bare.isascii() and bare.isdigit()) or (bare[:1] == "+" and bare[1:].isdigit()):
        quick = _plain_number(bare, region)
        if quick:
            return quick
    return _parsed_number(clean(text, LONGEST_PHONE), region)


def is_phone(text: str, region: str = "US") -> bool:
    """Return whether the text is a number that can be dialled."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(clean(text, LONGEST_PHONE), region))
    except NumberParseException:
        return False


def is_region(region: str) -> bool:
    """Return whether this is a country whose numbering is known, such as US or KE."""
    return region.upper() in phonenumbers.SUPPORTED_REGIONS


def _plain_number(bare: str, region: str) -> str:
    """Return E.164 for bare digits that fit the region's own plan, else nothing."""
    plan = numbering_plan(region)
    if plan is None:
        return ""
    if bare[0] == "+":
        code = "+" + plan.calling_code
        return bare if bare.startswith(code) and plan.national.fullmatch(bare, len(code)) else ""
    trunk = plan.trunk_prefix
    national = bare[len(trunk) :] if trunk and bare.startswith(trunk) else bare
    return f"+{plan.calling_code}{national}" if plan.national.fullmatch(national) else ""


def _parsed_number(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region if numbering_plan(region) else None)
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    except NumberParseException:
        pass
    folded = fold(text)
    digits = "".join(character for character in folded if character.isdecimal())
    letters = any(character.isalpha() for character in folded)
    return digits if len(digits) >= _FEWEST_DIGITS and not letters else folded


@cache
def numbering_plan(region: str) -> NumberingPlan | None:
    """Return the region's numbering plan, or nothing for a region that has none."""
    metadata = PhoneMetadata.metadata_for_region(region.upper(), None)
    general = metadata.general_desc if metadata is not None else None
    if metadata is None or general is None or not general.national_number_pattern:
        return None
    pattern = re.compile(general.national_number_pattern)
    return NumberingPlan(str(metadata.country_code), metadata.national_prefix or "", pattern)

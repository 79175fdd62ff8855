"""Phones owns the international form of a phone number, and what to compare when there is none."""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from services.identity.text import clean, fold

LONGEST_PHONE = 60

_SEPARATORS = str.maketrans("", "", " -.()/\t\xa0")
_EXTENSION = re.compile(r"(?<=\d)(?:x|ext)\d{1,6}$", re.IGNORECASE)
_FEWEST_DIGITS = 5
_LONGEST_CODE = 3
_NEVER = "$."


class NumberingPlan(NamedTuple):
    """What a region's numbers look like, for the common case that needs no parser."""

    calling_code: str
    trunk_prefix: str
    national: re.Pattern[str]
    abroad: re.Pattern[str]
    """What calls abroad begin with, as 00; such numbers are left to the parser."""

    prefix: re.Pattern[str]
    """What may stand before a number; where that is more than the trunk prefix, the number is left to the parser."""

    def parsed_alike(self, digits: str, begin: int = 0) -> bool:
        """Whether the parser takes off the trunk prefix and nothing else."""
        before = self.prefix.match(digits, begin)
        return before is None or before[0] in ("", self.trunk_prefix)


def normalize_phone(text: str, region: str = "US") -> str:
    """Return a phone number as E.164; failing that its digits; failing that the folded text."""
    if len(text) <= LONGEST_PHONE:
        bare = text.translate(_SEPARATORS)
        if not bare.isascii():
            return _parsed_number(clean(text, LONGEST_PHONE), region)
        bare = _EXTENSION.sub("", bare)
        if bare.isdigit() or (bare[:1] == "+" and bare[1:].isdigit()):
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
    """Return E.164 for bare digits that fit the region's own plan, or after a + that of their country, else nothing."""
    if bare[0] == "+":
        return bare if _fits_its_country(bare[1:]) else ""
    plan = numbering_plan(region)
    if plan is None or plan.abroad.match(bare) or not plan.parsed_alike(bare):
        return ""
    trunk = plan.trunk_prefix
    national = bare[len(trunk) :] if trunk and bare.startswith(trunk) else bare
    return f"+{plan.calling_code}{national}" if plan.national.fullmatch(national) else ""


def _fits_its_country(digits: str) -> bool:
    """Whether what follows the calling code is a number of the main country that has the code, without prefix."""
    for length in range(1, _LONGEST_CODE + 1):
        plan = plan_of_code(digits[:length])
        if plan is not None:
            prefixed = bool(plan.trunk_prefix) and digits.startswith(plan.trunk_prefix, length)
            fits = plan.national.fullmatch(digits, length) is not None
            return fits and not prefixed and plan.parsed_alike(digits, length)
    return False


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
    return NumberingPlan(
        str(metadata.country_code),
        metadata.national_prefix or "",
        re.compile(general.national_number_pattern),
        re.compile(metadata.international_prefix or _NEVER),
        re.compile(metadata.national_prefix_for_parsing or _NEVER),
    )


@cache
def plan_of_code(calling_code: str) -> NumberingPlan | None:
    """Return the plan of the main country with a calling code, or nothing when no country has it."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code), ()) if calling_code[:1] != "0" else ()
    return numbering_plan(regions[0]) if regions else None

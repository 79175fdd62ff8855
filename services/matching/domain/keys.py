"""Keys owns which records are ever compared: those that share a blocking key, declared here as data."""

from dataclasses import dataclass
from itertools import product

from services.matching.domain.attributes import ATTRIBUTES, DERIVED_ATTRIBUTES
from services.matching.domain.identity_record import Identity


@dataclass(frozen=True, slots=True)
class Key:
    """Records that agree on all parts are compared; too large a block is refined by a further part."""

    kind: str
    parts: tuple[str, ...]
    refined_by: tuple[str, ...] = ()
    unordered: bool = False
    """The two parts may be swapped: 'Ann Lee' meets 'Lee Ann'."""


KEYS = (
    Key("email", ("email",), refined_by=("family_start", "given_initial")),
    Key("phone", ("phone",), refined_by=("family_start", "given_initial")),
    Key("email_local", ("email_local",), refined_by=("family_start", "given_initial")),
    Key("name", ("given_root", "family_root"), refined_by=("postcode", "birth_year", "city", "house_number")),
    Key("name_swapped", ("given", "family"), refined_by=("postcode", "birth_year", "city"), unordered=True),
    Key("line", ("line",), refined_by=("given_initial", "family_start")),
    Key("family_house", ("family_root", "house_number"), refined_by=("given_initial", "postcode")),
    Key("given_house", ("given_root", "house_number"), refined_by=("postcode", "street")),
    Key("postcode_house", ("postcode", "house_number"), refined_by=("family_start", "given_initial")),
    Key("birth_date", ("birth_date",), refined_by=("given_initial", "family_start")),
    Key("family_birth", ("family_root", "birth_year"), refined_by=("given_initial", "birth_day")),
    Key("given_birth", ("given_root", "birth_year"), refined_by=("family_sound", "birth_day")),
    Key("family_birthday", ("family_sound", "birth_day"), refined_by=("given_initial", "birth_year")),
    Key("family_postcode", ("family_root", "postcode"), refined_by=("given_initial",)),
    Key("given_postcode", ("given_root", "postcode"), refined_by=("family_sound",)),
    Key("family_city", ("family_root", "city"), refined_by=("given_initial",)),
    Key("organization", ("organization",), refined_by=("city", "family_start")),
)

SCAN_KEYS = (
    Key("name_sound", ("given_sound", "family_sound"), refined_by=("birth_year", "city", "postcode")),
    Key("family_initial", ("family_root", "given_initial"), refined_by=("birth_year", "city", "postcode")),
    Key("given_city", ("given_root", "city"), refined_by=("family_sound", "birth_year")),
    Key("sound_city", ("family_sound", "city"), refined_by=("given_initial", "birth_year")),
)
"""Further keys for scans of files whose records mostly lack what tells people apart; too many share them to be
looked up by."""

TELLING = ("email", "phone", "external_id")
"""Attributes that tell people apart; a file where fewer than half of the records have one is scanned by more keys."""

WIDE_KEYS = (
    Key("given", ("given_root",)),
    Key("family", ("family_sound",)),
    Key("postcode", ("postcode",)),
    Key("street", ("street",)),
    Key("birth_year", ("birth_year",)),
    Key("city", ("city",)),
)
"""Keys for scans of small files only: too many share them to be looked up by."""

_SEPARATOR = "\x1f"
_MOST_KEYS_OF_A_KIND = 16


def blocking_keys(identity: Identity) -> list[tuple[str, str]]:
    """Return the (kind, value) pairs under which a record is found; the same ones in bulk and online."""
    values = attribute_values(identity)
    found: list[tuple[str, str]] = []
    for key in KEYS:
        choices = [dict.fromkeys(value for value in values[part] if value) for part in key.parts]
        for combination in list(product(*choices))[:_MOST_KEYS_OF_A_KIND]:
            parts = sorted(combination) if key.unordered else combination
            found.append((key.kind, _SEPARATOR.join(parts)))
    return found


def attribute_values(identity: Identity) -> dict[str, tuple[str, ...]]:
    """Return every attribute of a record, the derived ones too."""
    values = {attribute.name: attribute.read(identity) for attribute in ATTRIBUTES}
    for derived in DERIVED_ATTRIBUTES:
        values[derived.name] = tuple(derived.derive(value) if value else "" for value in values[derived.source])
    return values

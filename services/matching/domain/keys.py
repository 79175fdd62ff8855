"""Keys owns which records are ever compared: those that share a blocking key, declared here as data."""

from dataclasses import dataclass
from itertools import islice, product

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
    Key("name_sound", ("given_sound", "family_sound"), refined_by=("birth_year", "city", "postcode"), unordered=True),
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


_READ = {attribute.name: attribute.read for attribute in ATTRIBUTES}
_DERIVED = {derived.name: (derived.source, derived.derive) for derived in DERIVED_ATTRIBUTES}


def blocking_keys(identity: Identity) -> list[tuple[str, str]]:
    """Return the (kind, value) pairs under which a record is found; the same ones in bulk and online."""
    known: dict[str, tuple[str, ...]] = {}
    found: list[tuple[str, str]] = []
    for key in KEYS:
        choices = [_distinct(identity, part, known) for part in key.parts]
        for combination in islice(product(*choices), _MOST_KEYS_OF_A_KIND):
            parts = sorted(combination) if key.unordered else combination
            found.append((key.kind, _SEPARATOR.join(parts)))
    return found


def _distinct(identity: Identity, attribute: str, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the values that a record has of an attribute, each once, and remember them in `known`."""
    values = known.get(attribute)
    if values is None:
        source, derive = _DERIVED.get(attribute, ("", None))
        read = _READ[attribute](identity) if derive is None else map(derive, _distinct(identity, source, known))
        values = known[attribute] = tuple(dict.fromkeys(filter(None, read)))
    return values

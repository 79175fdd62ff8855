"""What a writer says of a customer, checked and normalised: every wrong field is named at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.customers.domain.contact_points import checked_point, primary, short_form_point
from services.customers.domain.fields import (
    CHOICE_FIELDS,
    CONTACT_KINDS,
    NAME_PARTS,
    TEXT_FIELDS,
    Fields,
    Json,
    item_key,
)
from services.customers.domain.limits import MOST
from services.identity.countries import region_of_country
from services.identity.text import clean
from services.runtime.failures import FieldViolation

LONGEST_TAG, LONGEST_IDENTIFIER = 64, 255
LARGEST_METADATA = 16 * 1024
DEEPEST_METADATA = 20
"""A message may be nested 100 deep and each level here takes three; some answers hold a customer deeper than others."""


@dataclass(slots=True)
class Checked:
    """A draft after the check: the fields as stored, and what is wrong with it."""

    fields: Fields = field(default_factory=dict)
    violations: list[FieldViolation] = field(default_factory=list)
    room: Mapping[str, int] = field(default_factory=dict)

    def wrong(self, name: str, description: str) -> None:
        """Notes that a field is wrong."""
        self.violations.append(FieldViolation(name, description))

    def takes(self, name: str, items: int, prefix: str) -> bool:
        """Whether a list may have so many items; notes it where it may not."""
        most = MOST[name] + self.room.get(name, 0)
        if items > most:
            self.wrong(prefix + name, f"has {items} items; at most {most} are kept")
        return items <= most


def check(
    draft: Mapping[str, Json],
    *,
    region: str,
    now: datetime,
    prefix: str = "customer.",
    room: Mapping[str, int] | None = None,
) -> Checked:
    """Checks the fields that a draft has and normalises them; defaults are not filled in.

    `room`: how many items beyond the limit each list may have here, for its owner has merged customers.

    A draft is the writable fields by name: texts, choices (short names such as "PERSON"), `birth_date` as YYYY-MM-DD,
    `contact_points`, the short forms `email`, `phone` and `address`, `external_ids`, `identifiers`, `tags`, `metadata`.
    """
    checked = Checked(room=room or {})
    _check_texts(draft, checked, prefix)
    _check_choices(draft, checked, prefix)
    _check_birth_date(draft, checked, prefix)
    _check_points(draft, checked, region, now, prefix)
    _check_external_ids(draft, checked, prefix)
    _check_words(draft, checked, prefix, "tags", LONGEST_TAG)
    _check_words(draft, checked, prefix, "identifiers", LONGEST_IDENTIFIER)
    _check_metadata(draft, checked, prefix)
    return checked


def short_forms_said(draft: Mapping[str, Json]) -> set[str]:
    """The short forms of which a draft gives the contact points themselves; those count."""
    given = {point.get("kind") for point in draft.get("contact_points") or ()}
    return {short for kind, (short, _) in CONTACT_KINDS.items() if kind in given}


def joined_name(fields: Mapping[str, Json]) -> str:
    """The full name from its parts, in the order of speech."""
    return " ".join(fields[part] for part in NAME_PARTS if fields.get(part))


def _check_texts(draft: Mapping[str, Json], checked: Checked, prefix: str) -> None:
    for text_field in TEXT_FIELDS:
        value = draft.get(text_field.name)
        if value is None:
            continue
        value = value.strip()
        if len(value) > text_field.longest:
            checked.wrong(
                prefix + text_field.name,
                f"is {len(value)} characters long; at most {text_field.longest} are kept",
            )
        elif "\x00" in value:
            checked.wrong(prefix + text_field.name, "holds a NUL character")
        elif value and not clean(value):
            checked.wrong(prefix + text_field.name, "holds nothing that can be seen")
        else:
            checked.fields[text_field.name] = value


def _check_choices(draft: Mapping[str, Json], checked: Checked, prefix: str) -> None:
    for name, allowed in CHOICE_FIELDS.items():
        value = draft.get(name)
        if value is None:
            continue
        if value not in allowed:
            checked.wrong(prefix + name, f"is not one of {', '.join(allowed)}")
        else:
            checked.fields[name] = value


def _check_birth_date(draft: Mapping[str, Json], checked: Checked, prefix: str) -> None:
    value = draft.get("birth_date")
    if not value:
        return
    try:
        checked.fields["birth_date"] = date.fromisoformat(value).isoformat()
    except ValueError:
        checked.wrong(prefix + "birth_date", f"{value} is no possible date; give year, month and day")
    else:
        checked.fields.pop("birth_date_text", None)


def _check_points(draft: Mapping[str, Json], checked: Checked, region: str, now: datetime, prefix: str) -> None:
    given: Sequence[Mapping[str, Json]] = draft.get("contact_points") or ()
    if not checked.takes("contact_points", len(given), prefix):
        return
    points: dict[tuple[str, ...], Json] = {}
    region = _home(given) or region
    for place, raw in enumerate(given):
        point = checked_point(raw, region, now, f"{prefix}contact_points[{place}].", checked.violations)
        if point is not None:
            points.setdefault(item_key("contact_points", point), point)
    for kind, (short, _) in CONTACT_KINDS.items():
        if not draft.get(short):
            continue
        beside = primary([{"kind": "", "primary": False, **raw} for raw in given], kind)
        if beside is not None:
            if beside.get("value") != draft[short]:
                checked.wrong(prefix + short, f"is not the primary contact point of kind {kind} beside it")
            continue
        point = short_form_point(kind, draft[short], region, now, prefix + short, checked.violations)
        if point is not None:
            points.setdefault(item_key("contact_points", point), point)
    checked.fields["contact_points"] = list(points.values())


def _home(given: Sequence[Mapping[str, Json]]) -> str:
    """The region of the first country that an address names, by which this customer's phones are read; '' without."""
    countries = ((point.get("postal_address") or {}).get("country") for point in given)
    return next((code for country in countries if country and (code := region_of_country(country))), "")


def _check_external_ids(draft: Mapping[str, Json], checked: Checked, prefix: str) -> None:
    given = draft.get("external_ids") or ()
    if not checked.takes("external_ids", len(given), prefix):
        return
    for place, item in enumerate(given):
        for name, longest in (("system", 64), ("external_id", 255)):
            if not (clean(item[name]) and len(item[name]) <= longest) or "\x00" in item[name]:
                checked.wrong(f"{prefix}external_ids[{place}].{name}", f"takes 1 to {longest} characters")
    checked.fields["external_ids"] = list({item_key("external_ids", item): dict(item) for item in given}.values())


def _check_words(draft: Mapping[str, Json], checked: Checked, prefix: str, name: str, longest: int) -> None:
    words = [word.strip() for word in draft.get(name) or ()]
    if not checked.takes(name, len(words), prefix):
        return
    for place, word in enumerate(words):
        if not (clean(word) and len(word) <= longest) or "\x00" in word:
            checked.wrong(f"{prefix}{name}[{place}]", f"takes 1 to {longest} characters")
    checked.fields[name] = sorted(set(words))


def checked_tags(tags: Sequence[str]) -> tuple[list[str], list[FieldViolation]]:
    """Tags as stored, and what is wrong with them."""
    checked = Checked()
    _check_words({"tags": tags}, checked, "", "tags", LONGEST_TAG)
    return checked.fields.get("tags", []), checked.violations


def _check_metadata(draft: Mapping[str, Json], checked: Checked, prefix: str) -> None:
    metadata = draft.get("metadata", {})
    if metadata is None:
        checked.wrong(prefix + "metadata", "holds a number that JSON does not know")
    elif _depth(metadata) > DEEPEST_METADATA:
        checked.wrong(prefix + "metadata", f"is nested deeper than {DEEPEST_METADATA} levels")
    elif len(json.dumps(metadata, ensure_ascii=False).encode()) > LARGEST_METADATA:
        checked.wrong(prefix + "metadata", f"is larger than {LARGEST_METADATA} bytes as JSON")
    elif _holds_nul(metadata):
        checked.wrong(prefix + "metadata", "holds a NUL character")
    elif metadata:
        checked.fields["metadata"] = metadata


def _depth(value: Json) -> int:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, members), default=0) if isinstance(value, dict | list) else 0


def _holds_nul(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(name) or _holds_nul(member) for name, member in value.items())
    if isinstance(value, list):
        return any(_holds_nul(member) for member in value)
    return isinstance(value, str) and "\x00" in value

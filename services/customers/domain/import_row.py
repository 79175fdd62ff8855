"""A row of an import: what it says of a customer, and what it changes of one that came from the same source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.customers.domain.draft import check
from services.customers.domain.edits import Change, change_of
from services.customers.domain.fields import NAME_PARTS, PLAIN_SETS, Fields, Json, item_key
from services.customers.domain.note import in_parts
from services.identity.birth_dates import normalize_birth_date
from services.runtime.failures import FieldViolation

LONGEST_SOURCE = 64
LONGEST_ID = 255
LONGEST_NOTES = 100_000
IDENTIFYING = ("name", *NAME_PARTS, "contact_points", "external_ids", "identifiers")


@dataclass(slots=True)
class Row:
    """A checked row: the fields as stored, what is wrong with it, and what only looks wrong."""

    number: int
    id: str
    fields: Fields
    problems: list[FieldViolation]
    warnings: list[FieldViolation] = field(default_factory=list)
    notes: Sequence[str] = ()


def checked_row(
    number: int,
    row_id: str,
    draft: Mapping[str, Json],
    *,
    source: str,
    region: str,
    now: datetime,
    notes: str = "",
) -> Row:
    """Checks a row of a source. It needs a name, a contact point or an identifier."""
    readable, warnings = _with_date(draft, region)
    checked = check(readable, region=region, now=now)
    fields, problems = checked.fields, checked.violations
    if len(row_id) > LONGEST_ID or "\x00" in row_id:
        problems.append(FieldViolation("id", f"takes up to {LONGEST_ID} characters"))
    if row_id and not source:
        problems.append(FieldViolation("id", "needs the option source, which says what system it belongs to"))
    if not (problems or any(fields.get(name) for name in IDENTIFYING)):
        problems.append(FieldViolation("customer", "needs a name, a contact point or an identifier"))
    points = [{"source": source, **point} if source else point for point in fields.get("contact_points", [])]
    fields["contact_points"] = points
    fields.setdefault("source", "IMPORT")
    if row_id and not problems:
        own_id = {"system": source, "external_id": row_id}
        others = [item for item in fields.get("external_ids", []) if item != own_id]
        fields["external_ids"] = [own_id, *others]
    if len(notes) > LONGEST_NOTES or "\x00" in notes:
        problems.append(FieldViolation("notes", f"takes up to {LONGEST_NOTES:,} characters"))
    return Row(number, row_id, fields, problems, warnings, in_parts(notes))


def change_by_row(shown: Fields, row: Row, source: str, now: datetime) -> Change:
    """What a row changes: the fields that it has; of its kinds the contact points that came from the source before."""
    given = [name for name in row.fields if row.fields[name] and name not in {"contact_points", "source"}]
    merged = {**row.fields}
    for name in PLAIN_SETS:
        merged[name] = _with_more(name, shown.get(name, []), row.fields.get(name, []))
    change = change_of(shown, given, merged, now)
    points = _points(shown.get("contact_points", []), row.fields["contact_points"], source)
    if _told(points) == _told(shown.get("contact_points", [])):
        return change
    return Change(change.units, {**change.items, "contact_points": points})


def _with_date(draft: Mapping[str, Json], region: str) -> tuple[dict[str, Json], list[FieldViolation]]:
    """The draft with its date read from text; a text that is no possible date stays, with a warning."""
    readable = dict(draft)
    text = (readable.get("birth_date_text") or "").strip()
    if not text or readable.get("birth_date"):
        return readable, []
    try:
        readable["birth_date"] = date.fromisoformat(normalize_birth_date(text, region)).isoformat()
        del readable["birth_date_text"]
    except ValueError:
        warning = f"{text[:64]} is no possible date; it is kept as text"
        return readable, [FieldViolation("customer.birth_date", warning)]
    return readable, []


def _with_more(name: str, known: list[Json], given: list[Json]) -> list[Json]:
    keys = {item_key(name, item) for item in known}
    return [*known, *(item for item in given if item_key(name, item) not in keys)]


def _points(known: list[Json], given: list[Json], source: str) -> list[Json]:
    before = {item_key("contact_points", point): point for point in known}
    keys = {item_key("contact_points", point) for point in given}
    kinds = {point["kind"] for point in given}
    kept = [
        point
        for point in known
        if item_key("contact_points", point) in keys or point["kind"] not in kinds or point.get("source") != source
    ]
    new = [point for point in given if item_key("contact_points", point) not in before]
    rewritten = {item_key("contact_points", point): point for point in given}
    kept = [_rewritten(point, rewritten.get(item_key("contact_points", point))) for point in kept]
    return [*kept, *({**point, "primary": False} for point in new)]


def _rewritten(known: Json, given: Json | None) -> Json:
    """A known point as it is written now; whether it is primary or verified stays."""
    if given is None:
        return known
    return {**known, **{name: given[name] for name in ("value", "postal_address", "last_seen") if name in given}}


def _told(points: list[Json]) -> list[Json]:
    return [{name: value for name, value in point.items() if name != "last_seen"} for point in points]

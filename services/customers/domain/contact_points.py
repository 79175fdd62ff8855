"""Contact points: checked, normalised, and the short forms that stand for the primary ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.customers.domain.fields import CONTACT_KINDS, Json
from services.customers.domain.times import time_text
from services.identity.addresses import join_address, parse_address
from services.identity.emails import is_email, normalize_email
from services.identity.phones import normalize_phone
from services.runtime.failures import FieldViolation

ADDRESS_PARTS: Mapping[str, int] = {
    "street": 255,
    "city": 255,
    "region": 255,
    "postal_code": 32,
    "country": 64,
}
MINIMUM_PHONE_DIGITS = 3


def checked_point(
    raw: Mapping[str, Json], region: str, now: datetime, path: str, violations: list[FieldViolation]
) -> dict[str, Json] | None:
    """A contact point as stored; None where it is wrong, which is noted."""
    kind = raw.get("kind") or ""
    if kind not in CONTACT_KINDS:
        violations.append(FieldViolation(path + "kind", f"is not one of {', '.join(CONTACT_KINDS)}"))
        return None
    before = len(violations)
    postal = _checked_postal_address(raw.get("postal_address"), path, violations)
    value = (raw.get("value") or "").strip() or ", ".join(postal.values())
    _check_value(kind, value, path + "value", violations)
    source = (raw.get("source") or "").strip()
    if len(source) > 255 or "\x00" in source:
        violations.append(FieldViolation(path + "source", "takes up to 255 characters"))
    if len(violations) > before:
        return None
    point = {
        "kind": kind,
        "value": value,
        "normalized_value": normalized(kind, value, postal, region),
        "primary": bool(raw.get("primary")),
        "verified": bool(raw.get("verified")),
        "first_seen": time_text(now),
        "last_seen": time_text(now),
    }
    return point | ({"source": source} if source else {}) | ({"postal_address": postal} if postal else {})


def short_form_point(
    kind: str, value: str, region: str, now: datetime, path: str, violations: list[FieldViolation]
) -> dict[str, Json] | None:
    """The primary contact point that a short form stands for; None where it is wrong, which is noted."""
    found: list[FieldViolation] = []
    point = checked_point({"kind": kind, "value": value, "primary": True}, region, now, "", found)
    violations.extend(FieldViolation(path, violation.description) for violation in found)
    return point


def normalized(kind: str, value: str, postal: Mapping[str, str], region: str) -> str:
    """The value as compared: a mailbox, E.164 where it can be read as a phone, one canonical line."""
    if kind == "EMAIL":
        return normalize_email(value)
    if kind == "PHONE":
        return normalize_phone(value, region)
    parts = join_address(**{part: postal.get(part, "") for part in ADDRESS_PARTS}) if postal else parse_address(value)
    return " ".join(part for part in parts if part)


def primary(points: list[Json], kind: str) -> Json | None:
    """The primary contact point of a kind; None where there is none of it."""
    of_kind = [point for point in points if point["kind"] == kind]
    return next((point for point in of_kind if point["primary"]), of_kind[0] if of_kind else None)


def _check_value(kind: str, value: str, path: str, violations: list[FieldViolation]) -> None:
    longest = CONTACT_KINDS[kind][1]
    if not value:
        violations.append(FieldViolation(path, "is empty"))
    elif len(value) > longest:
        violations.append(FieldViolation(path, f"is {len(value)} characters long; at most {longest} are kept"))
    elif "\x00" in value:
        violations.append(FieldViolation(path, "holds a NUL character"))
    elif kind == "EMAIL" and not is_email(value):
        violations.append(FieldViolation(path, "is not written as an e-mail address"))
    elif kind == "PHONE" and sum(character.isdigit() for character in value) < MINIMUM_PHONE_DIGITS:
        violations.append(FieldViolation(path, f"has fewer than {MINIMUM_PHONE_DIGITS} digits"))


def _checked_postal_address(
    raw: Mapping[str, str] | None, path: str, violations: list[FieldViolation]
) -> dict[str, str]:
    if not raw:
        return {}
    parts = {part: raw.get(part, "").strip() for part in ADDRESS_PARTS}
    for part, longest in ADDRESS_PARTS.items():
        if len(parts[part]) > longest or "\x00" in parts[part]:
            violations.append(FieldViolation(f"{path}postal_address.{part}", f"takes up to {longest} characters"))
    return {part: value for part, value in parts.items() if value}

"""A company's settings and what they may be."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from services.customers.domain.fields import CONTACT_KINDS, SET_FIELDS, TEXT_FIELDS, Fields, Json
from services.identity.phones import is_region
from services.money.currencies import DECIMALS
from services.runtime.failures import FieldsInvalid, FieldViolation

SHORT_FORMS = {short: kind for kind, (short, _) in CONTACT_KINDS.items()}
ON_DUPLICATE = ("REJECT", "ALLOW", "RETURN_EXISTING")
REQUIRABLE = (*(text.name for text in TEXT_FIELDS), *SET_FIELDS, *SHORT_FORMS, "birth_date", "metadata")
"""What a company may ask of a new customer; the choices have a default and are always there."""
MOST_REQUIRED = 20


@dataclass(frozen=True, slots=True)
class CreatePolicy:
    """What a company asks of a new customer, beside a name, and what a duplicate does where the call does not say.

    Of each list in `required_fields` one field at least is given.
    """

    required_fields: tuple[tuple[str, ...], ...] = ()
    on_duplicate: str = "REJECT"


@dataclass(frozen=True, slots=True)
class Settings:
    """Region (ISO 3166-1 alpha-2), currency (ISO 4217), time zone (IANA) and what is asked of a new customer."""

    region: str = "US"
    currency: str = "USD"
    time_zone: str = "UTC"
    create_policy: CreatePolicy = field(default_factory=CreatePolicy)


DEFAULT_SETTINGS = Settings()
NO_ZONES = frozenset({"localtime", "Factory"})
"""Found among the zones of a machine, and another one on each machine, or none."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company with its settings; revision 0 means that they were never changed."""

    company_id: str
    settings: Settings
    revision: int

    @property
    def shown(self) -> dict[str, Json]:
        """The company as it is fed."""
        return {"company_id": self.company_id, "revision": self.revision, **asdict(self.settings)}


def changed(settings: Settings, changes: Mapping[str, str], policy: CreatePolicy | None = None) -> Settings:
    """The settings with changes, and another create policy if there is one; FieldsInvalid names every wrong one."""
    stripped: dict[str, Any] = {name: value.strip() for name, value in changes.items()}
    wanted = replace(settings, **stripped)
    wrong = _wrong_policy(policy) if policy else []
    if not (wanted.region.isupper() and is_region(wanted.region)):
        wrong.append(FieldViolation("settings.region", "is no ISO 3166-1 alpha-2 code in capitals, such as KE"))
    if wanted.currency not in DECIMALS:
        wrong.append(FieldViolation("settings.currency", "is no ISO 4217 code in capitals, such as KES"))
    if wanted.time_zone in NO_ZONES or wanted.time_zone not in zoneinfo.available_timezones():
        wrong.append(FieldViolation("settings.time_zone", "is no IANA time zone, such as Africa/Nairobi"))
    if wrong:
        raise FieldsInvalid(wrong)
    return replace(wanted, create_policy=policy) if policy else wanted


def missing(policy: CreatePolicy, fields: Fields) -> list[FieldViolation]:
    """What a company asks of a new customer and a record with checked fields does not have."""
    return [
        FieldViolation(f"customer.{choice[0]}", _asked(choice))
        for choice in policy.required_fields
        if not any(_has(fields, name) for name in choice)
    ]


def _asked(choice: tuple[str, ...]) -> str:
    if len(choice) == 1:
        return "is required by the company's create policy"
    return f"or one of {', '.join(choice[1:])} is required by the company's create policy"


def _has(fields: Fields, name: str) -> bool:
    if name in SHORT_FORMS:
        return any(point["kind"] == SHORT_FORMS[name] for point in fields.get("contact_points", []))
    return bool(fields.get(name))


def _wrong_policy(policy: CreatePolicy) -> list[FieldViolation]:
    path = "settings.create_policy"
    wrong = []
    if policy.on_duplicate not in ON_DUPLICATE:
        wrong.append(FieldViolation(f"{path}.on_duplicate", f"is not one of {', '.join(ON_DUPLICATE)}"))
    if len(policy.required_fields) > MOST_REQUIRED:
        wrong.append(FieldViolation(f"{path}.required_fields", f"takes up to {MOST_REQUIRED} lists"))
    for place, choice in enumerate(policy.required_fields[:MOST_REQUIRED]):
        unknown = [name[:64] for name in choice if name not in REQUIRABLE]
        if not 1 <= len(choice) <= MOST_REQUIRED or unknown:
            text = f"takes 1 to {MOST_REQUIRED} of {', '.join(REQUIRABLE)}"
            wrong.append(FieldViolation(f"{path}.required_fields[{place}].any_of", text))
    return wrong

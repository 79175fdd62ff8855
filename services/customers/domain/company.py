"""A company's settings and what they may be."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from services.customers.domain.fields import Json
from services.identity.phones import is_region
from services.runtime.failures import FieldsInvalid, FieldViolation


@dataclass(frozen=True, slots=True)
class Settings:
    """Region (ISO 3166-1 alpha-2), currency (ISO 4217) and time zone (IANA)."""

    region: str = "US"
    currency: str = "USD"
    time_zone: str = "UTC"


DEFAULT_SETTINGS = Settings()
CURRENCY = re.compile("[A-Z]{3}")
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


def changed(settings: Settings, changes: Mapping[str, str]) -> Settings:
    """The settings with changes; FieldsInvalid names every wrong one."""
    wanted = Settings(**{**asdict(settings), **{name: value.strip() for name, value in changes.items()}})
    wrong = []
    if not (wanted.region.isupper() and is_region(wanted.region)):
        wrong.append(FieldViolation("settings.region", "is no ISO 3166-1 alpha-2 code in capitals, such as KE"))
    if not CURRENCY.fullmatch(wanted.currency):
        wrong.append(FieldViolation("settings.currency", "is no ISO 4217 code in capitals, such as KES"))
    if wanted.time_zone in NO_ZONES or wanted.time_zone not in zoneinfo.available_timezones():
        wrong.append(FieldViolation("settings.time_zone", "is no IANA time zone, such as Africa/Nairobi"))
    if wrong:
        raise FieldsInvalid(wrong)
    return wanted

"""Company messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patronage.customers.v1 import company_service_pb2 as pb


def changes_of(settings: pb.CompanySettings) -> dict[str, str]:
    """The settings that a request sets."""
    names = ("region", "currency", "time_zone")
    return {name: getattr(settings, name) for name in names if settings.HasField(name)}  # type: ignore[arg-type]


def company_message(shown: Mapping[str, Any]) -> pb.Company:
    """A company from what is shown of it."""
    settings = pb.CompanySettings(region=shown["region"], currency=shown["currency"], time_zone=shown["time_zone"])
    return pb.Company(company_id=shown["company_id"], settings=settings, revision=shown["revision"])

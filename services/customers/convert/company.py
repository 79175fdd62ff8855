"""Company messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patronage.customers.v1 import company_service_pb2 as pb
from patronage.customers.v1 import create_policy_pb2 as policy_pb
from services.customers.domain.company import CreatePolicy

_PREFIX = "DUPLICATE_POLICY_"


def changes_of(settings: pb.CompanySettings) -> dict[str, str]:
    """The plain settings that a request sets."""
    names = ("region", "currency", "time_zone")
    return {name: getattr(settings, name) for name in names if settings.HasField(name)}  # type: ignore[arg-type]


def policy_of(settings: pb.CompanySettings) -> CreatePolicy | None:
    """The create policy that a request sets; None where it sets none."""
    if not settings.HasField("create_policy"):
        return None
    policy = settings.create_policy
    required = tuple(tuple(choice.any_of) for choice in policy.required_fields)
    return CreatePolicy(required, _on_duplicate(policy.on_duplicate))


def company_message(shown: Mapping[str, Any]) -> pb.Company:
    """A company from what is shown of it."""
    settings = pb.CompanySettings(
        region=shown["region"],
        currency=shown["currency"],
        time_zone=shown["time_zone"],
        create_policy=_policy_message(shown.get("create_policy") or {}),
    )
    return pb.Company(company_id=shown["company_id"], settings=settings, revision=shown["revision"])


def _policy_message(policy: Mapping[str, Any]) -> policy_pb.CreatePolicy:
    return policy_pb.CreatePolicy(
        required_fields=[policy_pb.RequiredField(any_of=choice) for choice in policy.get("required_fields", ())],
        on_duplicate=policy_pb.DuplicatePolicy.Value(_PREFIX + policy.get("on_duplicate", "REJECT")),
    )


def _on_duplicate(number: policy_pb.DuplicatePolicy.ValueType) -> str:
    if number == policy_pb.DUPLICATE_POLICY_UNSPECIFIED:
        return CreatePolicy().on_duplicate
    try:
        return policy_pb.DuplicatePolicy.Name(number).removeprefix(_PREFIX)
    except ValueError:
        return str(number)

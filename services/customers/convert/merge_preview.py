"""What a merge would do as messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value

from patronage.customers.v1 import merge_preview_pb2 as preview_pb
from patronage.customers.v1 import merge_storage_service_pb2 as pb
from patronage.errors.v1 import error_reason_pb2
from services.customers.convert.customer import customer_message
from services.customers.domain.merge_outcome import Blocker, FieldOutcome


class Shown(Protocol):
    """A stored customer."""

    @property
    def shown(self) -> dict[str, Any]: ...


class Described(Protocol):
    """What the description of a merge holds."""

    @property
    def target(self) -> Shown: ...
    @property
    def sources(self) -> Sequence[Shown]: ...
    @property
    def blockers(self) -> Sequence[Blocker]: ...
    @property
    def result(self) -> dict[str, Any] | None: ...
    @property
    def fields(self) -> Sequence[FieldOutcome]: ...
    @property
    def moves(self) -> Mapping[str, int]: ...
    @property
    def digest(self) -> str: ...


def described_message(company_id: str, described: Described) -> pb.DescribeMergeResponse:
    """What a merge would touch and show."""
    result = described.result
    return pb.DescribeMergeResponse(
        target=customer_message(company_id, described.target.shown),
        sources=[customer_message(company_id, source.shown) for source in described.sources],
        result=customer_message(company_id, result) if result is not None else None,
        blockers=_blockers(described.blockers),
        fields=[_field(one) for one in described.fields],
        moves=[preview_pb.ChildCount(kind=kind, count=count) for kind, count in described.moves.items()],
        state_digest=described.digest,
    )


def _blockers(blockers: Iterable[Blocker]) -> list[preview_pb.MergeBlocker]:
    reason = error_reason_pb2.ErrorReason.Value
    return [
        preview_pb.MergeBlocker(
            reason=reason("ERROR_REASON_" + one.reason), customer_id=one.customer_id, message=one.message
        )
        for one in blockers
    ]


def _field(one: FieldOutcome) -> preview_pb.FieldOutcome:
    return preview_pb.FieldOutcome(
        field=one.field,
        values=[preview_pb.SideValue(customer_id=side, value=_value(value)) for side, value in one.values.items()],
        outcome=_value(one.outcome),
        rule=preview_pb.OutcomeRule.Value("OUTCOME_RULE_" + one.rule),
        origin_customer_id=one.origin,
        differs=one.differs,
    )


def _value(value: Any) -> Value:
    return json_format.ParseDict(value, Value())

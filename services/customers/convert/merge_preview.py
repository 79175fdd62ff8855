"""What a merge would do as messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value

from patronage.customers.v1 import merge_preview_pb2 as preview_pb
from patronage.customers.v1 import merge_snapshot_pb2 as snapshot_pb
from patronage.customers.v1 import merge_storage_service_pb2 as pb
from patronage.errors.v1 import error_reason_pb2
from services.customers.convert.customer import customer_message
from services.customers.convert.merge import child_counts
from services.customers.domain.merge import LoggedMerge
from services.customers.domain.merge_outcome import Blocker, FieldOutcome, outcomes
from services.customers.domain.merge_snapshot import Snapshot
from services.customers.domain.moves import ChildCount

MOST_OF_CUSTOMERS, MOST_OF_FIELDS = 5 << 19, 1 << 20
"""Bytes of a message that has both: a client takes 4 MiB unless it is told otherwise."""


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
    def moves(self) -> Sequence[ChildCount]: ...
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
        fields=field_messages(described.fields),
        moves=child_counts(described.moves),
        state_digest=described.digest,
    )


def snapshot_message(company_id: str, snapshot: Snapshot, only: Collection[str]) -> snapshot_pb.MergeSnapshot:
    """What was shown before and after a merge, as much of it as one message takes; `only` these customers, or all."""
    message = snapshot_pb.MergeSnapshot(left_out_customer_ids=snapshot.left_out)
    room = MOST_OF_CUSTOMERS
    for shown, is_after in [(snapshot.after, True), *((one, False) for one in snapshot.before)]:
        customer_id = shown["customer_id"]
        if only and customer_id not in only:
            continue
        customer = customer_message(company_id, shown)
        if (size := customer.ByteSize()) > room:
            message.left_out_customer_ids.append(customer_id)
            continue
        room -= size
        if is_after:
            message.after.CopyFrom(customer)
        else:
            message.before.append(customer)
    return message


def snapshot_fields(merge: LoggedMerge, snapshot: Snapshot) -> list[preview_pb.FieldOutcome]:
    """What became of each field in a merge that was made; the largest fields are left out where one message is full."""
    fields = field_messages(outcomes(merge.rules, merge.choices, snapshot.sides, snapshot.result))
    room, kept = MOST_OF_FIELDS, []
    for size, place in sorted((one.ByteSize(), place) for place, one in enumerate(fields)):
        room -= size
        if room >= 0:
            kept.append(place)
    return [fields[place] for place in sorted(kept)]


def field_messages(fields: Iterable[FieldOutcome]) -> list[preview_pb.FieldOutcome]:
    """What becomes of fields."""
    return [_field(one) for one in fields]


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

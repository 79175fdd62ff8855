"""Lifecycle messages."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import lifecycle_pb2 as pb
from services.customers.convert.customer import NUMBERS, choice_name
from services.customers.domain.lifecycle import Period


def stage_of(number: int) -> str:
    """The stage of a request by its short name; empty where it says none."""
    return choice_name("lifecycle_stage", number) if number else ""


def stage_number(stage: str) -> customer_pb2.LifecycleStage.ValueType:
    """The number of a stage; UNSPECIFIED for none."""
    return customer_pb2.LifecycleStage.ValueType(NUMBERS["lifecycle_stage"].get(stage, 0))


def period_message(period: Period) -> pb.LifecyclePeriod:
    """A period as a message."""
    dwell = Duration()
    dwell.FromTimedelta(period.dwell)
    return pb.LifecyclePeriod(
        stage=stage_number(period.stage),
        previous_stage=stage_number(period.previous_stage),
        enter_time=_time(period.entered_at),
        leave_time=_time(period.left_at) if period.left_at else None,
        dwell=dwell,
        cause=pb.LifecycleCause.Value("LIFECYCLE_CAUSE_" + period.cause),
        reason=period.reason,
        actor=customer_pb2.Actor(subject=period.actor.subject, name=period.actor.name),
    )


def _time(moment: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(moment)
    return message

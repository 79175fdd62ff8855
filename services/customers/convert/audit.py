"""Messages of the audit log."""

from __future__ import annotations

from google.protobuf.struct_pb2 import Struct

from patronage.customers.v1 import audit_service_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.customers.convert.times import moment
from services.customers.domain.audit import AuditEntry, AuditQuestion, Values


def question_of(request: pb.ListAuditEntriesRequest) -> AuditQuestion:
    """The question that a request asks, but for the customer."""
    return AuditQuestion(
        actor=request.actor,
        from_time=moment(request.from_time, "from_time") if request.HasField("from_time") else None,
        before_time=moment(request.before_time, "before_time") if request.HasField("before_time") else None,
    )


def entry_message(entry: AuditEntry) -> pb.AuditEntry:
    """An entry as a message."""
    message = pb.AuditEntry(
        entry_number=entry.number,
        table_name=entry.table,
        record_id=entry.record_id,
        customer_id=entry.customer_id,
        action=pb.AuditAction.Value("AUDIT_ACTION_" + entry.action),
        changed_fields=entry.changed_fields,
        old_values=_struct(entry.old_values),
        new_values=_struct(entry.new_values),
        actor=customer_pb2.Actor(subject=entry.actor.subject, name=entry.actor.name),
        peer=entry.peer,
        user_agent=entry.user_agent,
        request_id=entry.request_id,
    )
    message.change_time.FromDatetime(entry.changed_at)
    return message


def _struct(values: Values | None) -> Struct | None:
    if values is None:
        return None
    struct = Struct()
    struct.update(values)
    return struct

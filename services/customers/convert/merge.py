"""Merge messages."""

from __future__ import annotations

from collections.abc import Iterable

from patronage.customers.v1 import customer_pb2, merge_batch_pb2
from patronage.customers.v1 import merge_storage_service_pb2 as pb
from services.customers.convert.times import timestamp
from services.customers.domain.fields import Json
from services.customers.domain.forest import DEFAULT_RULE
from services.customers.domain.merge import LONGEST_SUBJECT, LaterEdit, LoggedMerge, Merge, by_unit, check_merge
from services.runtime.failures import FieldCheck

MergeQuestion = pb.DescribeMergeRequest | pb.ApplyMergeRequest


def merge_of(request: MergeQuestion) -> Merge:
    """The merge that a request asks for; FieldsInvalid names every wrong field."""
    rules = [(item.field, _rule(item.rule)) for item in request.rules]
    choices = [(item.field, item.customer_id.lower()) for item in request.choices]
    sources = tuple(source.lower() for source in request.source_ids)
    applied = request if isinstance(request, pb.ApplyMergeRequest) else pb.ApplyMergeRequest()
    check_merge(request.target_id, sources, rules, choices, applied.reason, applied.on_behalf_of)
    return Merge(
        applied.merge_id.lower(),
        request.target_id.lower(),
        sources,
        by_unit(rules),
        by_unit(choices),
        applied.reason,
        applied.on_behalf_of,
        evidence_of(applied.evidence) if applied.HasField("evidence") else {},
    )


def evidence_of(message: merge_batch_pb2.MergeEvidence) -> dict[str, Json]:
    """On what a merge is made, as it is kept; FieldsInvalid where a text is too long."""
    check = FieldCheck()
    for name in ("policy_version", "scan_id", "group_id"):
        text = getattr(message, name)
        check.require(
            len(text) <= LONGEST_SUBJECT and "\x00" not in text, f"evidence.{name}", "is too long, or no text"
        )
    check.raise_if_any()
    return {field.name: value for field, value in message.ListFields()}


def record_message(merge: LoggedMerge) -> pb.MergeRecord:
    """An entry of the merge log as a message."""
    message = pb.MergeRecord(
        merge_id=merge.merge_id,
        target_id=merge.target_id,
        source_ids=merge.source_ids,
        reason=merge.reason,
        merged_by=customer_pb2.Actor(subject=merge.merged_by.subject, name=merge.merged_by.name),
        merge_time=timestamp(merge.merged_at.isoformat()),
    )
    if merge.evidence:
        message.evidence.CopyFrom(merge_batch_pb2.MergeEvidence(**merge.evidence))
    if merge.undone_at is not None and merge.undone_by is not None:
        message.undo_time.CopyFrom(timestamp(merge.undone_at.isoformat()))
        message.undo_reason = merge.undo_reason
        message.undone_by.CopyFrom(customer_pb2.Actor(subject=merge.undone_by.subject, name=merge.undone_by.name))
    return message


def edit_messages(edits: Iterable[LaterEdit]) -> list[pb.LaterEdit]:
    """Edits that stay after an undo."""
    return [
        pb.LaterEdit(customer_id=edit.customer_id, field=edit.field, edit_time=timestamp(edit.time.isoformat()))
        for edit in edits
    ]


def digest_messages(digests: dict[str, tuple[str, str]]) -> list[pb.MemberDigest]:
    """For each member its digest before the merge and now."""
    return [pb.MemberDigest(customer_id=member, before=before, now=now) for member, (before, now) in digests.items()]


def _rule(number: pb.SurvivorshipRule.ValueType) -> str:
    if number == pb.SURVIVORSHIP_RULE_UNSPECIFIED:
        return DEFAULT_RULE
    try:
        return pb.SurvivorshipRule.Name(number).removeprefix("SURVIVORSHIP_RULE_")
    except ValueError:
        return ""

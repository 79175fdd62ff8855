"""Merge messages."""

from __future__ import annotations

from collections.abc import Iterable

from patronage.customers.v1 import customer_pb2, merge_batch_pb2, merge_preview_pb2
from patronage.customers.v1 import merge_storage_service_pb2 as pb
from services.customers.convert.survivorship import rule_messages, rules_of, survivorship_of
from services.customers.convert.times import timestamp
from services.customers.domain.fields import Json
from services.customers.domain.merge import LONGEST_SUBJECT, LaterEdit, LoggedMerge, Merge, by_unit, check_merge
from services.customers.domain.moves import ChildCount
from services.runtime.failures import FieldCheck

MergeQuestion = pb.DescribeMergeRequest | pb.ApplyMergeRequest


def merge_of(request: MergeQuestion) -> Merge:
    """The merge that a request asks for; FieldsInvalid names every wrong field."""
    rules = rules_of(request.rules)
    choices = [(item.field, item.customer_id.lower()) for item in request.choices]
    sources = tuple(source.lower() for source in request.source_ids)
    applied = request if isinstance(request, pb.ApplyMergeRequest) else pb.ApplyMergeRequest()
    check = FieldCheck()
    holding = survivorship_of(request.survivorship, check)
    evidence = evidence_of(applied.evidence, check) if applied.HasField("evidence") else {}
    check_merge(
        check,
        request.target_id,
        sources,
        rules,
        choices,
        (applied.reason, applied.on_behalf_of, applied.on_behalf_of_name, applied.policy_version),
    )
    return Merge(
        applied.merge_id.lower(),
        request.target_id.lower(),
        sources,
        by_unit(rules),
        by_unit(choices),
        applied.reason,
        applied.on_behalf_of,
        evidence,
        holding,
        applied.policy_version,
        applied.on_behalf_of_name,
    )


def evidence_of(message: merge_batch_pb2.MergeEvidence, check: FieldCheck) -> dict[str, Json]:
    """On what a merge is made, as it is kept; a text that is too long is noted."""
    for name in ("policy_version", "scan_id", "group_id"):
        text = getattr(message, name)
        check.require(
            len(text) <= LONGEST_SUBJECT and "\x00" not in text, f"evidence.{name}", "is too long, or no text"
        )
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
    message.moves.extend(child_counts(merge.moves))
    message.policy_version = merge.policy_version
    message.rules.extend(rule_messages(merge.rules))
    message.choices.extend(pb.FieldChoice(field=name, customer_id=one) for name, one in sorted(merge.choices.items()))
    if merge.evidence:
        message.evidence.CopyFrom(merge_batch_pb2.MergeEvidence(**merge.evidence))
    if merge.undone_at is not None and merge.undone_by is not None:
        message.undo_time.CopyFrom(timestamp(merge.undone_at.isoformat()))
        message.undo_reason = merge.undo_reason
        message.left_undecided = merge.left_undecided
        message.undone_by.CopyFrom(customer_pb2.Actor(subject=merge.undone_by.subject, name=merge.undone_by.name))
    return message


def child_counts(counts: Iterable[ChildCount]) -> list[merge_preview_pb2.ChildCount]:
    """How many children, by kind."""
    return [merge_preview_pb2.ChildCount(kind=one.kind, count=one.count, at_least=one.at_least) for one in counts]


def edit_messages(edits: Iterable[LaterEdit]) -> list[pb.LaterEdit]:
    """Edits that stay after an undo."""
    return [
        pb.LaterEdit(customer_id=edit.customer_id, field=edit.field, edit_time=timestamp(edit.time.isoformat()))
        for edit in edits
    ]


def digest_messages(digests: dict[str, tuple[str, str]]) -> list[pb.MemberDigest]:
    """For each member its digest before the merge and now."""
    return [pb.MemberDigest(customer_id=member, before=before, now=now) for member, (before, now) in digests.items()]

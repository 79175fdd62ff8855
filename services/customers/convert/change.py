"""Messages of the change feed, none larger than a caller takes unless a single change is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from patronage.customers.v1 import change_feed_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.customers.convert.company import company_message
from services.customers.convert.conversation import conversation_message
from services.customers.convert.customer import customer_message
from services.customers.convert.engagement import engagement_message
from services.customers.convert.times import timestamp
from services.customers.domain.feed import Change, FeedBatch
from services.customers.domain.fields import Json

MOST_BYTES = 2 << 20
"""Half of what gRPC takes in one message unless it is told otherwise."""

KINDS = {name.removeprefix("CHANGE_KIND_"): number for name, number in pb.ChangeKind.items()}
STAGES = {name.removeprefix("LIFECYCLE_STAGE_"): number for name, number in customer_pb2.LifecycleStage.items()}


def responses(batch: FeedBatch, most_bytes: int = MOST_BYTES) -> Iterator[pb.FollowChangesResponse]:
    """The messages of a batch: one, or several where it is too large for one, each with a cursor to save."""
    message = pb.FollowChangesResponse(
        changes=[change_message(change) for change in batch.changes],
        cursor=batch.cursor.encode(),
        is_checkpoint=batch.is_checkpoint,
        epoch=batch.cursor.epoch,
        horizon=batch.horizon,
        snapshot_done=batch.snapshot_done,
    )
    if len(batch.changes) < 2 or message.ByteSize() <= most_bytes:
        yield message
        return
    for half in batch.halves():
        yield from responses(half, most_bytes)


def change_message(change: Change) -> pb.Change:
    """The message of one change."""
    message = pb.Change(company_id=change.company_id, revision=change.revision, kind=KINDS[change.kind])
    if change.subject == "customer":
        message.customer.CopyFrom(customer_message(change.company_id, change.payload))
    elif change.subject == "engagement":
        message.engagement.CopyFrom(engagement_message(change.payload))
    elif change.subject == "conversation":
        message.conversation.CopyFrom(conversation_message(change.payload))
    else:
        message.company.CopyFrom(company_message(change.payload))
    if change.previous_stage:
        message.previous_stage = STAGES[change.previous_stage]
    if change.merge:
        message.merge.CopyFrom(_reference(change.merge))
    return message


def _reference(merge: Mapping[str, Json]) -> pb.MergeReference:
    told = {name: value for name, value in merge.items() if name != "undo_time"}
    undone_at = merge.get("undo_time")
    return pb.MergeReference(**told, undo_time=timestamp(undone_at) if undone_at else None)

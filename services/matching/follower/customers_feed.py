"""Customers feed owns matching's stream of changes: opened at a cursor, translated, and its passes over everything."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from patronage.customers.v1 import change_feed_pb2 as pb
from patronage.customers.v1 import change_feed_pb2_grpc as feed_grpc
from services.matching.convert.change import conversation_seen, seen_of
from services.matching.convert.undone import undone_in
from services.matching.domain.customer_seen import CompanySeen, CustomerSeen
from services.matching.operations.create_judgement import lock_judging
from services.matching.operations.feed_passes import begin_pass, end_pass
from services.matching.operations.follow_changes import follow_changes
from services.matching.operations.follow_conversations import follow_conversations
from services.matching.operations.follow_undo import follow_undos
from services.runtime.database import Database, Transaction
from services.runtime.follower import Batch, Follower, Stream

FOLLOWER = "customers"
BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class FollowedChange:
    """A change as it came, and the epoch that its revision belongs to."""

    message: pb.Change
    epoch: str


@dataclass(frozen=True, slots=True)
class FeedBatch(Batch[FollowedChange]):
    """A batch that knows whether it ends the pass over everything."""

    snapshot_done: bool = False


def customers_follower(
    database: Database, feed: feed_grpc.ChangeFeedServiceStub, talked: Callable[[], None] = lambda: None
) -> Follower[FollowedChange]:
    """Return the follower that keeps matching's mirror; `talked` is called once conversations wait to be resolved."""

    def open_stream(cursor: str, size: int) -> Iterator[Batch[FollowedChange]]:
        if not cursor:
            begin_pass(database, FOLLOWER)
        call: Any = feed.FollowChanges(pb.FollowChangesRequest(after_cursor=cursor, batch_size=size))
        return Stream(map(_batch, call), call.cancel)

    def after_batch(tx: Transaction, batch: Batch[FollowedChange]) -> None:
        if any(change.message.HasField("conversation") for change in batch.changes):
            tx.after_commit(talked)
        _after_batch(tx, batch)

    return Follower(
        database,
        FOLLOWER,
        open_stream,
        apply_changes,
        company_of=lambda change: change.message.company_id,
        encode=lambda change: change.message.SerializeToString(),
        after_batch=after_batch,
        batch_size=BATCH_SIZE,
    )


def apply_changes(tx: Transaction, _company_id: str, changes: Sequence[FollowedChange]) -> None:
    """Apply changes of one company; conversations only wait here, and are resolved after the commit.

    Who judges holds the judgements before anything else, so undos that are followed do so too: else both could wait for
    each other.
    """
    if undone := undone_in(change.message for change in changes):
        lock_judging(tx)
    seen = [seen_of(change.message, change.epoch) for change in changes]
    follow_changes(tx, FOLLOWER, [one for one in seen if isinstance(one, CustomerSeen | CompanySeen)])
    follow_conversations(tx, [one for change in changes if (one := conversation_seen(change.message, change.epoch))])
    follow_undos(tx, undone)


def _batch(response: pb.FollowChangesResponse) -> FeedBatch:
    return FeedBatch(
        changes=[FollowedChange(change, response.epoch) for change in response.changes],
        cursor=response.cursor,
        horizon=response.horizon,
        epoch=response.epoch,
        is_checkpoint=response.is_checkpoint,
        snapshot_done=response.snapshot_done,
    )


def _after_batch(tx: Transaction, batch: Batch[FollowedChange]) -> None:
    if isinstance(batch, FeedBatch) and batch.snapshot_done:
        end_pass(tx, FOLLOWER)

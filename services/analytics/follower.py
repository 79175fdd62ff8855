"""Follows the change feed of the customers service into this service's mirror."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import grpc

from patronage.customers.v1 import change_feed_pb2 as pb
from patronage.customers.v1 import change_feed_pb2_grpc as grpc_pb
from services.analytics.convert.changes import told
from services.analytics.domain.mirror import Told
from services.analytics.operations.apply_changes import apply_changes
from services.analytics.operations.sweep import pass_of, sweep
from services.runtime.database import Database, Transaction
from services.runtime.follower import Batch, Follower, Stream

FOLLOWER = "customers"
BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Followed:
    """A change with the epoch and the pass over everything that it came in."""

    change: pb.Change
    epoch: str
    generation: int


@dataclass(frozen=True, slots=True)
class FollowedBatch(Batch[Followed]):
    """A batch that may end a pass over everything."""

    generation: int = 0
    ends_pass: bool = False


def customers_follower(database: Database, channel: grpc.Channel) -> Follower[Followed]:
    """What keeps the mirror up to date once it is started; it needs nobody to be there yet."""
    feed = grpc_pb.ChangeFeedServiceStub(channel)

    def open_stream(cursor: str, size: int) -> Stream[Followed]:
        generation = pass_of(database, FOLLOWER, cursor)
        call = feed.FollowChanges(pb.FollowChangesRequest(after_cursor=cursor, batch_size=size))
        return Stream((batch_of(response, generation) for response in call), call.cancel)

    return Follower(
        database,
        FOLLOWER,
        open_stream=open_stream,
        apply=apply_followed,
        company_of=lambda followed: followed.change.company_id,
        encode=lambda followed: followed.change.SerializeToString(),
        after_batch=after_batch,
        batch_size=BATCH_SIZE,
    )


def batch_of(response: pb.FollowChangesResponse, generation: int) -> FollowedBatch:
    """The batch of a response. Nothing is read of the changes yet, so that a bad one can be parked alone."""
    return FollowedBatch(
        changes=[Followed(change, response.epoch, generation) for change in response.changes],
        cursor=response.cursor,
        horizon=response.horizon,
        epoch=response.epoch,
        is_checkpoint=response.is_checkpoint,
        generation=generation,
        ends_pass=response.snapshot_done,
    )


def apply_followed(tx: Transaction, company_id: str, changes: Sequence[Followed]) -> None:
    """Applies changes of the transaction's company, which are all of one batch."""
    first = changes[0]
    apply_changes(tx, first.epoch, first.generation, list(_kept(changes)))


def after_batch(tx: Transaction, batch: Batch[Followed]) -> None:
    """Sweeps where the batch ends a pass."""
    if isinstance(batch, FollowedBatch) and batch.ends_pass:
        sweep(tx, batch.epoch, batch.generation)


def _kept(changes: Sequence[Followed]) -> Iterator[Told]:
    for followed in changes:
        what = told(followed.change)
        if what is not None:
            yield what

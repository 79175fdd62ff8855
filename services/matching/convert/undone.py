"""Undone owns what matching reads of an undone merge, in the merge log of customers and in its feed alike."""

from collections.abc import Iterable
from datetime import UTC

from patronage.customers.v1 import change_feed_pb2, merge_storage_service_pb2
from services.matching.domain.judgement import Author
from services.matching.domain.undone_merge import UndoneMerge

Told = change_feed_pb2.MergeReference | merge_storage_service_pb2.MergeRecord


def undone_merge(told: Told) -> UndoneMerge:
    """Return an undone merge."""
    return UndoneMerge(
        merge_id=told.merge_id,
        target_id=told.target_id,
        source_ids=tuple(told.source_ids),
        undone_by=Author(told.undone_by.subject, told.undone_by.name),
        undone_at=told.undo_time.ToDatetime(UTC),
        undo_reason=told.undo_reason,
        left_undecided=told.left_undecided,
    )


def undone_in(changes: Iterable[change_feed_pb2.Change]) -> list[UndoneMerge]:
    """Return the merges whose undo some changes tell of, each once, though every member that it changed tells of it."""
    found = {
        change.merge.merge_id: change.merge
        for change in changes
        if change.kind == change_feed_pb2.CHANGE_KIND_MERGE_UNDONE and change.merge.HasField("undone_by")
    }
    return [undone_merge(told) for told in found.values()]

"""CustomerService: many customers at once, in parts that are answered as they are done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from patronage.customers.v1 import bulk_pb2 as pb
from services.customers.convert import bulk as convert
from services.customers.convert.customer import draft_of, update_paths
from services.customers.convert.lifecycle import stage_of
from services.customers.operations import batch_tasks as tasks
from services.customers.operations.batch import (
    MOST_A_PART,
    Task,
    change_part,
    check_selection,
    select_customers,
    try_part,
)
from services.customers.servicer.edged import Edged
from services.runtime.access import require_scope
from services.runtime.caller import caller_of
from services.runtime.database import Transaction
from services.runtime.edge import Once
from services.runtime.failures import ShuttingDown
from services.runtime.streams import end_of

HIDDEN = {"DELETED", "MERGED"}


class Bulk(Edged):
    """The batch form of each method that changes one customer."""

    def BatchChangeLifecycleStage(  # noqa: N802
        self, request: pb.BatchChangeLifecycleStageRequest, context: Any
    ) -> Iterator[pb.BatchChangeLifecycleStageResponse]:
        """Moves many customers to another stage."""
        task = tasks.change_stage(stage_of(request.stage), request.reason)
        yield from self._batch(request, context, task, pb.BatchChangeLifecycleStageResponse)

    def BatchAddTags(  # noqa: N802
        self, request: pb.BatchAddTagsRequest, context: Any
    ) -> Iterator[pb.BatchAddTagsResponse]:
        """Adds tags to many customers."""
        yield from self._batch(request, context, tasks.add_tags(list(request.tags)), pb.BatchAddTagsResponse)

    def BatchRemoveTags(  # noqa: N802
        self, request: pb.BatchRemoveTagsRequest, context: Any
    ) -> Iterator[pb.BatchRemoveTagsResponse]:
        """Takes tags off many customers."""
        yield from self._batch(request, context, tasks.remove_tags(list(request.tags)), pb.BatchRemoveTagsResponse)

    def BatchUpdateCustomers(  # noqa: N802
        self, request: pb.BatchUpdateCustomersRequest, context: Any
    ) -> Iterator[pb.BatchUpdateCustomersResponse]:
        """Changes the same fields of many customers."""
        paths = update_paths(request.customer, request.update_mask.paths)
        task = tasks.update(draft_of(request.customer), paths)
        yield from self._batch(request, context, task, pb.BatchUpdateCustomersResponse)

    def BatchDeleteCustomers(  # noqa: N802
        self, request: pb.BatchDeleteCustomersRequest, context: Any
    ) -> Iterator[pb.BatchDeleteCustomersResponse]:
        """Deletes many customers softly."""
        if request.force:
            require_scope(caller_of(context), "customers:force")
        task = tasks.delete(request.reason, force=request.force)
        yield from self._batch(request, context, task, pb.BatchDeleteCustomersResponse)

    def BatchUndeleteCustomers(  # noqa: N802
        self, request: pb.BatchUndeleteCustomersRequest, context: Any
    ) -> Iterator[pb.BatchUndeleteCustomersResponse]:
        """Brings many deleted customers back."""
        task = tasks.undelete(request.reason, allow_duplicates=request.allow_duplicates)
        yield from self._batch(request, context, task, pb.BatchUndeleteCustomersResponse)

    def BatchDeactivateCustomers(  # noqa: N802
        self, request: pb.BatchDeactivateCustomersRequest, context: Any
    ) -> Iterator[pb.BatchDeactivateCustomersResponse]:
        """Takes many customers out of use."""
        task = tasks.deactivate(request.reason)
        yield from self._batch(request, context, task, pb.BatchDeactivateCustomersResponse)

    def BatchReactivateCustomers(  # noqa: N802
        self, request: pb.BatchReactivateCustomersRequest, context: Any
    ) -> Iterator[pb.BatchReactivateCustomersResponse]:
        """Takes many customers into use again."""
        task = tasks.reactivate(request.reason)
        yield from self._batch(request, context, task, pb.BatchReactivateCustomersResponse)

    def _batch(self, request: Any, context: Any, task: Task, response_type: type[Any]) -> Iterator[Any]:
        """One response for each part; with a request id a part that was done before answers as it did."""
        once = None if request.dry_run else Once.of(request)
        ids, counts, end = self._selected(request, context, once), Counter[int](), end_of(context)
        done = 0
        while not end.is_set() and (done < len(ids) or not done):
            part = ids[done : done + MOST_A_PART]
            response = self._part(context, part, task, response_type, once and once.part(done), request.dry_run)
            done += len(response.outcomes) or 1
            response.counts.CopyFrom(convert.counted(counts, response.outcomes, len(ids)))
            yield response
        if end.draining and done < len(ids):
            text = "The service is being stopped. What it has answered is done; send the request again in a moment."
            raise ShuttingDown(text, retry_after=1.0)

    def _part(
        self, context: Any, ids: list[str], task: Task, response_type: type[Any], once: Once | None, dry_run: bool
    ) -> Any:
        do = try_part if dry_run else change_part

        def run(tx: Transaction) -> Any:
            outcomes, token = do(tx, ids, task)
            return response_type(outcomes=convert.outcome_messages(outcomes), change_token=token.encode())

        if dry_run:
            return self._edge.read(context, run)
        return self._edge.write_in_bulk(context, once, run, response_type)

    def _selected(self, request: Any, context: Any, once: Once | None) -> list[str]:
        """The customers that the request names; those of a filter are kept, so that a repeated request has the same."""
        question = convert.question_of(request)
        ids = check_selection(request.customer_ids, question)
        if question is None:
            return ids
        if HIDDEN & set(question.states):
            require_scope(caller_of(context), "customers:read:deleted")

        def select(tx: Transaction) -> convert.KeptIds:
            return convert.ids_message(select_customers(tx, question))

        if once is None:
            return convert.ids_of(self._edge.read(context, select))
        return convert.ids_of(self._edge.write_once(context, once.part("selection"), select, convert.KeptIds))

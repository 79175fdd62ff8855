"""MergeStorageService: many merges at once, in parts that are answered as they are done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from patronage.customers.v1 import merge_storage_service_pb2 as pb
from services.customers.convert import merge_batch as convert
from services.customers.operations.apply_merges import MOST_A_PART, Outcome, Trees, Wanted, apply_part, try_part
from services.customers.servicer.edged import Edged
from services.runtime.database import Transaction
from services.runtime.database_errors import database_failure
from services.runtime.failures import Failure, ShuttingDown
from services.runtime.streams import end_of

OF_ONE_MERGE = {"LOCK_TIMEOUT", "CONFLICT_RETRY", "STATEMENT_TIMEOUT"}
"""What may be the fault of one merge of a part: then each is tried alone, so that the others are made."""


class MergeBatches(Edged):
    """The batch form of ApplyMerge."""

    def ApplyMerges(self, request: pb.ApplyMergesRequest, context: Any) -> Iterator[pb.ApplyMergesResponse]:  # noqa: N802
        """Merges many times."""
        wanted = [Wanted(**one) for one in convert.wanted_of(request)]
        end, done, alone_to = end_of(context), 0, 0
        tried = Trees() if request.dry_run else None
        while not end.is_set() and done < len(wanted):
            at_most = 1 if done < alone_to else MOST_A_PART
            try:
                response = self._part(context, wanted[done:], at_most, tried)
            except Exception as error:
                failure = _of_one_merge(error)
                if failure is None:
                    raise
                if at_most > 1:
                    alone_to = done + MOST_A_PART
                    continue
                response = _blocked(wanted[done], failure)
            done += len(response.outcomes)
            yield response
        if end.draining and done < len(wanted):
            text = "The service is being stopped. What it has answered is done; send the rest again in a moment."
            raise ShuttingDown(text, retry_after=1.0)

    def _part(
        self, context: Any, wanted: Sequence[Wanted], at_most: int, tried: Trees | None
    ) -> pb.ApplyMergesResponse:
        def run(tx: Transaction) -> pb.ApplyMergesResponse:
            done = apply_part(tx, wanted, at_most) if tried is None else try_part(tx, wanted, at_most, tried)
            outcomes, token = done
            return pb.ApplyMergesResponse(outcomes=convert.outcome_messages(outcomes), change_token=token.encode())

        if tried is not None:
            return self._edge.read(context, run)
        return self._edge.write_in_bulk(context, None, run, pb.ApplyMergesResponse)


def _of_one_merge(error: Exception) -> Failure | None:
    failure = error if isinstance(error, Failure) else database_failure(error)
    return failure if failure is not None and failure.reason in OF_ONE_MERGE else None


def _blocked(wanted: Wanted, failure: Failure) -> pb.ApplyMergesResponse:
    outcome = Outcome(wanted.merge.merge_id, "BLOCKED", [failure])
    return pb.ApplyMergesResponse(outcomes=convert.outcome_messages([outcome]))

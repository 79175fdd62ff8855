"""ImportExportService."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from patronage.customers.v1 import import_export_service_pb2 as pb
from patronage.customers.v1 import import_export_service_pb2_grpc as grpc_pb
from services.customers.convert import import_row as convert
from services.customers.convert.duplicates import duplicate_action
from services.customers.domain.import_row import LONGEST_SOURCE
from services.customers.operations.import_customers import (
    RawRow,
    checked_rows,
    import_customers,
    refresh_statistics,
    region_of,
)
from services.runtime.database import Transaction
from services.runtime.edge import Edge, Once
from services.runtime.failures import FieldsInvalid, FieldViolation


class ImportExportServicer(grpc_pb.ImportExportServiceServicer):
    """Customers of the caller's company in bulk."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def ImportCustomers(  # noqa: N802
        self, request_iterator: Iterator[pb.ImportCustomersRequest], context: Any
    ) -> Iterator[pb.ImportCustomersResponse]:
        """Imports a stream of batches, each in a transaction of its own."""
        options = _options(request_iterator)
        action = duplicate_action(options.on_duplicate, "ALLOW", "options.on_duplicate")
        counts: Counter[str] = Counter()
        for request in request_iterator:
            yield self._batch(context, request, options.source.strip(), action, counts)

    def _batch(
        self, context: Any, request: pb.ImportCustomersRequest, source: str, action: str, counts: Counter[str]
    ) -> pb.ImportCustomersResponse:
        if request.WhichOneof("part") != "rows":
            raise FieldsInvalid([FieldViolation("rows", "is required in every message after the first")])
        raw_rows = [RawRow(*row) for row in convert.drafts_of(request.rows)]
        rows = checked_rows(raw_rows, source=source, region=self._edge.read(context, region_of))

        def run(tx: Transaction) -> pb.ImportCustomersResponse:
            outcomes, token = import_customers(tx, rows, source=source, on_duplicate=action)
            messages = [convert.outcome_message(outcome) for outcome in outcomes]
            return pb.ImportCustomersResponse(outcomes=messages, change_token=token.encode())

        response = self._edge.write_in_bulk(context, Once.of(request), run, pb.ImportCustomersResponse)
        self._edge.look_up(context, refresh_statistics)
        counts.update(
            pb.ImportResult.Name(outcome.result).removeprefix("IMPORT_RESULT_") for outcome in response.outcomes
        )
        response.counts.CopyFrom(convert.counts_message(counts))
        return response


def _options(requests: Iterator[pb.ImportCustomersRequest]) -> pb.ImportOptions:
    first = next(requests, None)
    if first is None or first.WhichOneof("part") != "options":
        raise FieldsInvalid([FieldViolation("options", "is required as the first message")])
    source = first.options.source.strip()
    if len(source) > LONGEST_SOURCE or "\x00" in source:
        raise FieldsInvalid([FieldViolation("options.source", f"takes up to {LONGEST_SOURCE} characters")])
    return first.options

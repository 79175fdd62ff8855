"""Import customers owns `patronage import`: a file into the customers service, with an outcome for each row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from patronage.customers.v1 import customer_service_pb2
from patronage.customers.v1 import import_export_service_pb2 as pb
from services.cli.client import Client, connected, explained
from services.cli.columns_told import print_columns
from services.cli.context import ContextOption, read_context
from services.cli.dedupe_input import Customers, read_customers
from services.cli.engine_options import EncodingOption, MapOption, encoding_named, ignored_of, mapping_of
from services.cli.failures import DONE, PARTLY_REJECTED, CommandFailure, InterruptedFailure
from services.cli.import_rows import batches
from services.cli.shown import as_json, output, table
from services.cli.stages import Show, showing_progress
from services.client import PatronageError

MOST_SHOWN = 20
REFUSED = (pb.IMPORT_RESULT_DUPLICATE, pb.IMPORT_RESULT_INVALID)
COUNTS = ("read", "created", "updated", "unchanged", "existing", "duplicate", "invalid")


class OnDuplicate(StrEnum):
    """What to do with a new row whose e-mail or phone another customer has."""

    ALLOW = "allow"
    EXISTING = "existing"
    REJECT = "reject"


ACTIONS = {
    OnDuplicate.ALLOW: customer_service_pb2.DUPLICATE_ACTION_ALLOW,
    OnDuplicate.EXISTING: customer_service_pb2.DUPLICATE_ACTION_RETURN_EXISTING,
    OnDuplicate.REJECT: customer_service_pb2.DUPLICATE_ACTION_REJECT,
}


@dataclass(slots=True)
class Imported:
    """The totals, what was wrong with rows, and the token of the last batch."""

    counts: pb.ImportCounts = field(default_factory=pb.ImportCounts)
    rejected: list[pb.ImportOutcome] = field(default_factory=list)
    warnings: int = 0
    change_token: str = ""


def import_customers(
    source_file: Annotated[Path, typer.Argument(metavar="IN", help="Customers as CSV or Parquet.")],
    source: Annotated[
        str | None, typer.Option(help="The system that the file's ids belong to. Default: the file's name.")
    ] = None,
    on_duplicate: Annotated[
        OnDuplicate, typer.Option(help="A new row whose e-mail or phone another customer has.")
    ] = OnDuplicate.ALLOW,
    mapping: MapOption = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="A column not to import; may be repeated.")
    ] = None,
    encoding: EncodingOption = "",
    context: ContextOption = None,
    as_json_line: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Import a file. A row of the same source and id as before updates its customer; the same row changes nothing."""
    codec = encoding_named(encoding)
    customers = read_customers(source_file, mapping_of(mapping or []), ignored=ignored_of(ignore), encoding=codec)
    imported = Imported()
    with (
        connected(read_context(context)) as client,
        showing_progress() as progress,
        _telling_how_far(imported, len(customers.ids)),
    ):
        send(client, customers, source or source_file.stem, on_duplicate, progress, imported)
    if as_json_line:
        as_json(_plain(imported, customers))
    else:
        _print(imported, source_file, customers)
    return PARTLY_REJECTED if imported.rejected else DONE


@contextmanager
def _telling_how_far(imported: Imported, total: int) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:
        raise InterruptedFailure(f"interrupted; {_far(imported, total)}") from error
    except PatronageError as error:
        if not imported.counts.read:
            raise
        raise CommandFailure(f"{explained(error)}\n{_far(imported, total)}") from error


def send(
    client: Client,
    customers: Customers,
    source: str,
    on_duplicate: OnDuplicate,
    progress: Show,
    imported: Imported | None = None,
) -> Imported:
    """Import all rows in one stream; what is answered is committed, and noted in what is returned, or `imported`."""
    imported = Imported() if imported is None else imported
    too_large: list[pb.ImportOutcome] = []

    def requests() -> Iterator[pb.ImportCustomersRequest]:
        options = pb.ImportOptions(source=source, on_duplicate=ACTIONS[on_duplicate])
        yield pb.ImportCustomersRequest(options=options)
        for rows in batches(customers, refuse=too_large.append):
            yield pb.ImportCustomersRequest(rows=pb.ImportRows(rows=rows))

    progress("import", 0.0)
    for response in client.imports.ImportCustomers(requests()):
        imported.counts, imported.change_token = response.counts, response.change_token
        imported.warnings += sum(bool(outcome.warnings) for outcome in response.outcomes)
        imported.rejected += [outcome for outcome in response.outcomes if outcome.result in REFUSED]
        progress("import", response.counts.read / len(customers.ids))
    imported.rejected = sorted([*imported.rejected, *too_large], key=lambda outcome: outcome.row_number)
    imported.counts.read += len(too_large)
    imported.counts.invalid += len(too_large)
    return imported


def _far(imported: Imported, total: int) -> str:
    done = f"at least {imported.counts.read:,} of {total:,} rows are done"
    return f"{done}; the same command again does the rest"


def _plain(imported: Imported, customers: Customers) -> dict[str, object]:
    counts = {name: getattr(imported.counts, name) for name in COUNTS}
    rejected = [
        {
            "row": outcome.row_number,
            "id": customers.ids[outcome.row_number - 1],
            "result": pb.ImportResult.Name(outcome.result).removeprefix("IMPORT_RESULT_"),
            "problems": {problem.field: problem.description for problem in outcome.problems},
            "duplicates": [hit.customer_id for hit in outcome.duplicates],
        }
        for outcome in imported.rejected
    ]
    return {
        "counts": counts,
        "warnings": imported.warnings,
        "rejected": rejected,
        "columns_left_out": dict(customers.left_out),
        "change_token": imported.change_token,
    }


def _print(imported: Imported, source_file: Path, customers: Customers) -> None:
    console = output()
    counts = [(name, getattr(imported.counts, name)) for name in COUNTS]
    console.print(table(str(source_file), ("rows", "number"), [*counts, ("with a warning", imported.warnings)]))
    print_columns(console, customers.left_out)
    rows = [
        (outcome.row_number, customers.ids[outcome.row_number - 1], _why(outcome))
        for outcome in imported.rejected[:MOST_SHOWN]
    ]
    if rows:
        console.print(table(f"refused, {len(rows)} of {len(imported.rejected)}", ("row", "id", "why"), rows))


def _why(outcome: pb.ImportOutcome) -> str:
    if outcome.result == pb.IMPORT_RESULT_DUPLICATE:
        return "has the e-mail or phone of " + ", ".join(hit.customer_id for hit in outcome.duplicates)
    return "; ".join(f"{problem.field} {problem.description}" for problem in outcome.problems)

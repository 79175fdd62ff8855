"""Explain file owns the account of two rows of a file, scanned for what its values are worth; no server is asked."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.columns_told import Columns, columns_of
from services.cli.dedupe_input import Customers, read_evidence, read_records
from services.cli.engine_options import encoding_named, mapping_of, region_of
from services.cli.failures import BadInputFailure
from services.cli.stages import showing_progress
from services.matching.convert.answers import explanation_message
from services.matching.engine import api
from services.matching.engine.raw_pairs import Explanation, RawPairs


@dataclass(frozen=True, slots=True)
class FromFile:
    """Two rows as the file has them, and what became of its further columns."""

    rows: tuple[dict[str, str], dict[str, str]]
    columns: Columns


def explain_rows(
    source: Path,
    ids: tuple[str, str],
    mapping: list[str],
    region: str,
    encoding: str = "",
    *,
    ignored: Collection[str] = (),
) -> tuple[pb.Explanation, FromFile]:
    """Return the account of two rows and what the file has of them, or raise BadInputFailure."""
    country, codec, columns = region_of(region), encoding_named(encoding), mapping_of(mapping)
    with showing_progress() as progress:
        progress("read", 0.0)
        customers = read_evidence(source, columns, ignored=ignored, encoding=codec)
        left, right = (_row(customers, source, record_id) for record_id in ids)
        progress("normalise", 0.0)
        records = read_records(source, columns, None, country, codec, ignored=ignored)
        result = api.dedupe(records, None, progress)
    message = message_of(RawPairs(result, country).explain(left, right))
    return message, FromFile((left, right), columns_of(result))


def message_of(explanation: Explanation) -> pb.Explanation:
    """Return the account as the service gives it."""
    return explanation_message(explanation, explanation.contributions, explanation.shared_keys)


def row_of(customers: Customers, place: int) -> dict[str, str]:
    """Return one row of a file by field."""
    return {field: values[place] for field, values in customers.fields.items()}


def _row(customers: Customers, source: Path, record_id: str) -> dict[str, str]:
    try:
        return row_of(customers, list(customers.ids).index(record_id))
    except ValueError as failure:
        raise BadInputFailure(f"{source}: no row has the id '{record_id[:80]}'") from failure

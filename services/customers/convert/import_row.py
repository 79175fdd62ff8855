"""Import messages: from rows to drafts, and from outcomes to answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from patronage.customers.v1 import import_export_service_pb2 as pb
from services.customers.convert.customer import draft_of
from services.customers.convert.duplicates import hit_messages
from services.customers.domain.failures import DuplicateHit
from services.runtime.failures import FieldViolation


class Outcome(Protocol):
    """What an import says of a row."""

    @property
    def number(self) -> int: ...
    @property
    def result(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def problems(self) -> Sequence[FieldViolation]: ...
    @property
    def warnings(self) -> Sequence[FieldViolation]: ...
    @property
    def duplicates(self) -> Sequence[DuplicateHit]: ...


def outcome_message(outcome: Outcome) -> pb.ImportOutcome:
    """An outcome as a message."""
    return pb.ImportOutcome(
        row_number=outcome.number,
        result=pb.ImportResult.Value("IMPORT_RESULT_" + outcome.result),
        customer_id=outcome.customer_id,
        problems=_problems(outcome.problems),
        warnings=_problems(outcome.warnings),
        duplicates=hit_messages(outcome.duplicates),
    )


def counts_message(counts: Counter[str]) -> pb.ImportCounts:
    """How many rows had which result, by its short name; they add up to the rows read."""
    return pb.ImportCounts(read=sum(counts.values()), **{name.lower(): number for name, number in counts.items()})


def drafts_of(rows: pb.ImportRows) -> list[tuple[int, str, dict[str, object], str]]:
    """Number, id in the source, draft and notes of each row."""
    return [(row.row_number, row.id.strip(), draft_of(row.customer), row.notes) for row in rows.rows]


def _problems(violations: Iterable[FieldViolation]) -> list[pb.ImportProblem]:
    return [pb.ImportProblem(field=item.field, description=item.description) for item in violations]

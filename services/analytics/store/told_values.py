"""Keeps what customers have several of, in a table of its own, as the feed tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.runtime.database import Transaction

REPLACE = """
WITH told AS (
    SELECT * FROM unnest(%s::uuid[], {arrays}) AS t (customer_id, {columns})
), gone AS (
    DELETE FROM {table} known
    WHERE known.company_id = (SELECT app_company()) AND known.customer_id = ANY(%s::uuid[])
          AND NOT EXISTS (SELECT FROM told t WHERE t.customer_id = known.customer_id AND {same})
)
INSERT INTO {table} (company_id, customer_id, {columns})
SELECT DISTINCT app_company(), customer_id, {columns} FROM told
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class ToldValues:
    """A table of values of customers; `columns` are texts, and all of them tell one value from another."""

    table: str
    columns: tuple[str, ...]

    def replace(self, tx: Transaction, told: Mapping[str, Sequence[tuple[str, ...]]]) -> None:
        """Stores the values of each customer as they are told, in place of what was known."""
        if not told:
            return
        rows = [(customer_id, *value) for customer_id, values in told.items() for value in values]
        arrays = [[row[place] for row in rows] for place in range(len(self.columns) + 1)]
        tx.execute(self._statement(), (*arrays, list(told)))

    def _statement(self) -> str:
        return REPLACE.format(
            table=self.table,
            columns=", ".join(self.columns),
            arrays=", ".join("%s::text[]" for _ in self.columns),
            same=" AND ".join(f"t.{name} = known.{name}" for name in self.columns),
        )

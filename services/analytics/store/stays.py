"""The stays of customers in their stages."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.analytics.domain.mirror import Stage
from services.analytics.domain.stays import Stay
from services.runtime.database import Transaction

READ = """
SELECT customer_id, stage, entered_at, nullif(left_at, 'infinity') AS left_at, next_stage FROM stage_stays
WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[]) ORDER BY customer_id, entered_at
"""
REPLACE = """
WITH told AS (
    SELECT * FROM unnest(%(owners)s::uuid[], %(stages)s::text[], %(entered)s::timestamptz[], %(left)s::timestamptz[],
                         %(next)s::text[]) AS t (customer_id, stage, entered_at, left_at, next_stage)
), gone AS (
    DELETE FROM stage_stays s
    WHERE s.company_id = (SELECT app_company()) AND s.customer_id = ANY(%(customer_ids)s::uuid[]) AND NOT EXISTS (
        SELECT FROM told t WHERE t.customer_id = s.customer_id AND t.entered_at = s.entered_at)
)
INSERT INTO stage_stays AS s (company_id, customer_id, entered_at, stage, left_at, next_stage, source, counted, shown)
SELECT app_company(), t.customer_id, t.entered_at, t.stage, coalesce(t.left_at, 'infinity'), t.next_stage, m.source,
       m.root_id = m.customer_id AND m.state IN ('ACTIVE', 'INACTIVE'),
       CASE WHEN t.left_at IS NULL AND m.stage <> t.stage THEN m.stage ELSE '' END
FROM told t
JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.customer_id = t.customer_id
ORDER BY t.customer_id, t.entered_at
ON CONFLICT (company_id, customer_id, entered_at) DO UPDATE SET
    stage = excluded.stage, left_at = excluded.left_at, next_stage = excluded.next_stage, source = excluded.source,
    counted = excluded.counted, shown = excluded.shown
"""
# What a customer is, where it is another one than its stays say.
SHOW = """
UPDATE stage_stays s SET
    source = m.source, counted = m.root_id = m.customer_id AND m.state IN ('ACTIVE', 'INACTIVE')
FROM customers_mirror m
WHERE m.company_id = (SELECT app_company()) AND m.customer_id = ANY(%s::uuid[])
      AND s.company_id = (SELECT app_company()) AND s.customer_id = m.customer_id
      AND (s.source, s.counted) IS DISTINCT FROM
          (m.source, m.root_id = m.customer_id AND m.state IN ('ACTIVE', 'INACTIVE'))
"""


def read(tx: Transaction, customer_ids: Collection[str]) -> dict[str, list[Stay]]:
    """The stays of each of the customers, in the order of time."""
    found: dict[str, list[Stay]] = {customer_id: [] for customer_id in customer_ids}
    for row in tx.rows(READ, (list(customer_ids),)) if customer_ids else []:
        found[str(row["customer_id"])].append(_stay(row))
    return found


def replace(tx: Transaction, stays: Mapping[str, Sequence[Stay]]) -> None:
    """Stores the stays of customers, who are in the mirror as they are now, in place of what was known."""
    if not stays:
        return
    told = [(customer_id, stay) for customer_id, its in stays.items() for stay in its]
    tx.execute(
        REPLACE,
        {
            "customer_ids": list(stays),
            "owners": [customer_id for customer_id, _ in told],
            "stages": [stay.stage.value for _, stay in told],
            "entered": [stay.entered_at for _, stay in told],
            "left": [stay.left_at for _, stay in told],
            "next": [stay.next_stage.value if stay.next_stage else "" for _, stay in told],
        },
    )


def show(tx: Transaction, customer_ids: Collection[str]) -> None:
    """Notes anew of customers whether their stays count, and where they came from."""
    if customer_ids:
        tx.execute(SHOW, (list(customer_ids),))


def _stay(row: Mapping[str, Any]) -> Stay:
    left: datetime | None = row["left_at"]
    return Stay(Stage(row["stage"]), row["entered_at"], left, Stage(row["next_stage"]) if row["next_stage"] else None)

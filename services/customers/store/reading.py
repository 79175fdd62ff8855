"""Reading what is shown of customers by id."""

from __future__ import annotations

import json
from collections.abc import Sequence

from services.customers.domain.fields import Json
from services.customers.domain.keys import LIVE_STATES
from services.runtime.database import Reader, Transaction
from services.runtime.ids import is_id

SHOWN = "view || jsonb_build_object('customer_id', customer_id, 'etag', etag, 'revision', revision)"
# The state is looked at in Python: as a condition it makes the indexes of live customers eligible, and without
# statistics, as after a first import, the planner then walks a whole company for one id (measured: 250 ms).
ROOTS = f"""
SELECT asked.customer_id::text AS asked_id, root.shown, root.state
  FROM customers AS asked
 CROSS JOIN LATERAL (
       SELECT {SHOWN} AS shown, state FROM customers
        WHERE company_id = (SELECT app_company()) AND customer_id = asked.root_id) AS root
 WHERE asked.company_id = (SELECT app_company()) AND asked.customer_id = ANY(%s::uuid[])
"""


ROOT = "shown_customer(%s)"


def root(reader: Reader | Transaction, customer_id: str) -> dict[str, Json] | None:
    """What the root of a customer shows; None where there is none that is not deleted."""
    text = reader.call(ROOT, (customer_id,)) if is_id(customer_id) else None
    return json.loads(text) if text is not None else None


def roots(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, dict[str, Json]]:
    """For each id that is there and not deleted: what its root shows."""
    ids = [customer_id for customer_id in customer_ids if is_id(customer_id)]
    rows = tx.rows(ROOTS, (ids,)) if ids else []
    found = {row["asked_id"]: row["shown"] for row in rows if row["state"] in LIVE_STATES}
    return {customer_id: found[customer_id.lower()] for customer_id in ids if customer_id.lower() in found}

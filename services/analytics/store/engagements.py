"""The business done with customers, as the feed tells it."""

from collections.abc import Sequence

from services.analytics.domain.lifetime_value import Engagement
from services.analytics.domain.mirror import EngagementChange
from services.analytics.domain.money import Amount
from services.runtime.database import Row, Transaction

WRITE = """
INSERT INTO mirror_engagements AS m
    (company_id, engagement_id, origin_customer_id, kind, status, value_minor, currency, converted_from, status_at,
     deleted, epoch, revision, generation)
SELECT app_company(), c.engagement_id, c.origin, c.kind, c.status, c.value_minor, c.currency, c.converted_from,
       c.status_at, c.deleted, %(epoch)s, c.revision, %(generation)s
FROM unnest(%(ids)s::uuid[], %(origins)s::uuid[], %(kinds)s::text[], %(statuses)s::text[], %(values)s::bigint[],
            %(currencies)s::text[], %(converted_from)s::uuid[], %(status_times)s::timestamptz[],
            %(deleted)s::boolean[], %(revisions)s::bigint[])
     AS c (engagement_id, origin, kind, status, value_minor, currency, converted_from, status_at, deleted, revision)
ORDER BY c.engagement_id
ON CONFLICT (company_id, engagement_id) DO UPDATE SET
    origin_customer_id = excluded.origin_customer_id, kind = excluded.kind, status = excluded.status,
    value_minor = excluded.value_minor, currency = excluded.currency, converted_from = excluded.converted_from,
    status_at = excluded.status_at, deleted = excluded.deleted, epoch = excluded.epoch,
    revision = excluded.revision, generation = excluded.generation
WHERE m.epoch <> excluded.epoch OR m.revision <= excluded.revision
"""
# Those of each member of a tree, under the id of its root.
OF_ROOTS = """
SELECT m.root_id, e.engagement_id, e.kind, e.status, e.value_minor, e.currency, e.converted_from, e.status_at
FROM customers_mirror m
JOIN mirror_engagements e ON e.company_id = (SELECT app_company()) AND e.origin_customer_id = m.customer_id
WHERE m.company_id = (SELECT app_company()) AND m.root_id = ANY(%s::uuid[]) AND NOT e.deleted
ORDER BY m.root_id, e.engagement_id
"""
SWEEP = "DELETE FROM mirror_engagements WHERE company_id = (SELECT app_company()) AND generation < %s"


def write_if_newer(tx: Transaction, epoch: str, generation: int, changes: Sequence[EngagementChange]) -> None:
    """Stores engagements, of which no two may be alike, unless those stored are newer."""
    if not changes:
        return
    tx.execute(
        WRITE,
        {
            "epoch": epoch,
            "generation": generation,
            "ids": [change.engagement_id for change in changes],
            "origins": [change.origin_customer_id for change in changes],
            "kinds": [change.kind for change in changes],
            "statuses": [change.status for change in changes],
            "values": [change.value.minor if change.value else None for change in changes],
            "currencies": [change.value.currency if change.value else "" for change in changes],
            "converted_from": [change.converted_from for change in changes],
            "status_times": [change.status_time for change in changes],
            "deleted": [change.deleted for change in changes],
            "revisions": [change.revision for change in changes],
        },
    )


def of_roots(tx: Transaction, root_ids: Sequence[str]) -> dict[str, list[Engagement]]:
    """The business done with each of the roots and all that were merged into them."""
    found: dict[str, list[Engagement]] = {root_id: [] for root_id in root_ids}
    for row in tx.rows(OF_ROOTS, (list(root_ids),)):
        found[str(row["root_id"])].append(_engagement(row))
    return found


def sweep(tx: Transaction, generation: int) -> None:
    """Forgets the engagements of the company that a pass over everything did not show."""
    tx.execute(SWEEP, (generation,))


def _engagement(row: Row) -> Engagement:
    minor, made_from = row["value_minor"], row["converted_from"]
    return Engagement(
        engagement_id=str(row["engagement_id"]),
        kind=row["kind"],
        status=row["status"],
        value=None if minor is None else Amount(minor, row["currency"]),
        converted_from=str(made_from) if made_from else None,
        status_time=row["status_at"],
    )

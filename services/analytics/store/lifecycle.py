"""Counts the stays of customers in their stages, and the moves between them."""

from datetime import datetime, timedelta
from typing import Any

from services.analytics.domain.company_reports import Conversion, StageFigures
from services.analytics.domain.mirror import Stage
from services.analytics.domain.questions import Who
from services.runtime.database import Transaction

_ONE_SECOND = timedelta(seconds=1)
WHO = """
s.company_id = app_company() AND s.counted AND (%(source)s = '' OR s.source = %(source)s)
"""
TAGGED = """
AND EXISTS (SELECT FROM mirror_tags t WHERE t.company_id = app_company() AND t.customer_id = s.customer_id
            AND t.tag = %(tag)s)
"""
# One pass over the stays; an open one ends at infinity. The few who show another stage by a merge count there.
STAGES = """
WITH found AS (
SELECT s.stage,
       count(*) FILTER (WHERE s.entered_at < %(end)s AND s.left_at >= %(end)s) AS customers,
       avg(extract(epoch FROM %(end)s::timestamptz - s.entered_at))
           FILTER (WHERE s.entered_at < %(end)s AND s.left_at >= %(end)s) AS average_open_s,
       count(*) FILTER (WHERE s.left_at >= %(begin)s AND s.left_at < %(end)s) AS stays_ended,
       avg(CASE WHEN s.left_at >= %(begin)s AND s.left_at < %(end)s
                THEN extract(epoch FROM s.left_at - s.entered_at) END) AS average_s
FROM stage_stays s WHERE {who} GROUP BY 1
UNION ALL
SELECT one.stage, sum(one.more), NULL, 0, NULL
FROM stage_stays s CROSS JOIN LATERAL (VALUES (s.shown, 1), (s.stage, -1)) AS one (stage, more)
WHERE {who} AND s.shown <> '' AND s.entered_at < %(end)s GROUP BY 1
)
SELECT stage, sum(customers)::bigint AS customers, max(average_open_s) AS average_open_s,
       sum(stays_ended)::bigint AS stays_ended, max(average_s) AS average_s
FROM found GROUP BY 1
"""
CONVERSIONS = """
SELECT s.stage, s.next_stage, count(*) AS moves,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY s.left_at - s.entered_at) AS median
FROM stage_stays s
WHERE {who} AND s.left_at >= %(begin)s AND s.left_at < %(end)s
GROUP BY 1, 2 ORDER BY moves DESC, 1, 2
"""


def stages(tx: Transaction, begin: datetime, end: datetime, who: Who) -> list[StageFigures]:
    """Every stage in its order, at the end of an interval and with the stays that ended in it."""
    rows = {row["stage"]: row for row in tx.rows(STAGES.format(who=_condition(who)), _asked(begin, end, who))}
    return [_stage(stage, rows.get(stage.value)) for stage in Stage]


def conversions(tx: Transaction, begin: datetime, end: datetime, who: Who) -> list[Conversion]:
    """The moves in an interval, most first."""
    return [
        Conversion(Stage(row["stage"]), Stage(row["next_stage"]), row["moves"], row["median"] // _ONE_SECOND)
        for row in tx.rows(CONVERSIONS.format(who=_condition(who)), _asked(begin, end, who))
    ]


def _condition(who: Who) -> str:
    return WHO + (TAGGED if who.tag else "")


def _asked(begin: datetime, end: datetime, who: Who) -> dict[str, Any]:
    return {"begin": begin, "end": end, "source": who.source, "tag": who.tag}


def _stage(stage: Stage, row: dict[str, Any] | None) -> StageFigures:
    if row is None:
        return StageFigures(stage)
    return StageFigures(
        stage, row["customers"], int(row["average_open_s"] or 0), row["stays_ended"], int(row["average_s"] or 0)
    )

"""Scores the customers who bought in a currency by recency, frequency and money."""

from collections.abc import Iterator

from services.analytics.domain.company_reports import RfmCutPoints
from services.runtime.database import Transaction

BUYERS = """
FROM root_totals WHERE company_id = app_company() AND listed AND currency = %(currency)s
"""
FIFTHS = "ARRAY[0.2, 0.4, 0.6, 0.8]"
CUT_POINTS = f"""
SELECT percentile_disc({FIFTHS}) WITHIN GROUP (ORDER BY last_sold_at) AS recency,
       percentile_disc({FIFTHS}) WITHIN GROUP (ORDER BY purchases) AS frequency,
       percentile_disc({FIFTHS}) WITHIN GROUP (ORDER BY spent) AS monetary
{BUYERS}
"""
SCORES = f"""
SELECT {{recency}} AS recency, {{frequency}} AS frequency, {{monetary}} AS monetary,
       count(*) AS customers, sum(spent) AS total_minor
{BUYERS}
GROUP BY 1, 2, 3
"""


def cut_points(tx: Transaction, currency: str) -> RfmCutPoints | None:
    """The values at each fifth of the customers; None where nobody bought."""
    row = tx.row(CUT_POINTS, {"currency": currency})
    if row is None or row["recency"] is None:
        return None
    return RfmCutPoints(row["recency"], row["frequency"], row["monetary"])


def scored(tx: Transaction, currency: str, cut: RfmCutPoints) -> Iterator[tuple[tuple[int, int, int], int, int]]:
    """The scores that customers have, with how many have them and what they spent."""
    sql = SCORES.format(
        recency=_score("last_sold_at", "recency", "timestamptz"),
        frequency=_score("purchases", "frequency", "bigint"),
        monetary=_score("spent", "monetary", "bigint"),
    )
    parameters = {"recency": cut.recency, "frequency": cut.frequency, "monetary": cut.monetary, "currency": currency}
    for row in tx.rows(sql, parameters):
        yield (row["recency"], row["frequency"], row["monetary"]), row["customers"], int(row["total_minor"])


def _score(value: str, name: str, kind: str) -> str:
    """1 for the lowest fifth, and one more for each cut point that a value is above."""
    above = (f"({value} > (%({name})s::{kind}[])[{at}])::int" for at in range(1, 5))
    return " + ".join(("1", *above))

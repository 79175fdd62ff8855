"""By what a company's metrics are reckoned now."""

from datetime import datetime

from services.analytics.domain.figures import Reckoning
from services.analytics.store import companies, loyalty
from services.runtime.database import Transaction


def reckoning(tx: Transaction, as_of: datetime) -> Reckoning:
    """The company's time zone and policy, for metrics at a time."""
    return Reckoning(as_of, companies.time_zone(tx), loyalty.latest(tx))

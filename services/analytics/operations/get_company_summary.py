"""Reads the figures of the whole company."""

from collections.abc import Callable, Iterable

from services.analytics.domain.figures import CompanyFigures
from services.analytics.domain.frequency import BANDS
from services.analytics.store import company_figures
from services.analytics.store.company_figures import CustomerCount
from services.runtime.database import Transaction


def get_company_summary(tx: Transaction) -> CompanyFigures:
    """The customers that show, by frequency, and all revenue, that of deleted customers too."""
    counts = company_figures.customers(tx, [band.least_purchases for band in BANDS])
    return CompanyFigures(
        customers=_sum(counts, lambda count: True),
        active=_sum(counts, lambda count: count.active),
        persons=_sum(counts, lambda count: not count.organization),
        organizations=_sum(counts, lambda count: count.organization),
        frequencies=tuple((band.frequency, _in_band(counts, number)) for number, band in enumerate(BANDS, start=1)),
        revenue=tuple(company_figures.revenue(tx)),
    )


def _in_band(counts: Iterable[CustomerCount], band: int) -> int:
    return _sum(counts, lambda count: count.band == band)


def _sum(counts: Iterable[CustomerCount], holds: Callable[[CustomerCount], bool]) -> int:
    return sum(count.customers for count in counts if holds(count))

"""Reads the figures of the whole company, of all time or of an interval."""

from collections.abc import Callable, Iterable

from services.analytics.domain.figures import CompanyFigures
from services.analytics.domain.questions import Interval
from services.analytics.store import company_figures, loyalty, report_memory
from services.analytics.store.company_figures import CustomerCount
from services.runtime.database import Transaction


def get_company_summary(tx: Transaction, interval: Interval) -> CompanyFigures:
    """The customers that show, by frequency, and the revenue, that of deleted customers too."""
    report_memory.take(tx)
    bands = loyalty.latest(tx).bands
    counts = company_figures.customers(tx, [least for _, least in bands])
    begin, end = interval.bounds
    customers = _sum(counts, lambda count: True)
    buying, repeat = _buyers(counts)
    new, revenue = customers, company_figures.revenue(tx)
    if interval.is_bounded:
        buying, repeat = company_figures.buyers_between(tx, begin, end)
        new, revenue = company_figures.new_between(tx, begin, end), company_figures.revenue_between(tx, begin, end)
    return CompanyFigures(
        customers=customers,
        active=_sum(counts, lambda count: count.active),
        persons=_sum(counts, lambda count: not count.organization),
        organizations=_sum(counts, lambda count: count.organization),
        new=new,
        buying=buying,
        repeat=repeat,
        frequencies=tuple(
            (frequency, _in_band(counts, number)) for number, (frequency, _) in enumerate(bands, start=1)
        ),
        revenue=tuple(revenue),
    )


def _buyers(counts: Iterable[CustomerCount]) -> tuple[int, int]:
    """Of all time: whoever has a purchase, and whoever has more than one."""
    return sum(count.buying for count in counts), sum(count.repeat for count in counts)


def _in_band(counts: Iterable[CustomerCount], band: int) -> int:
    return _sum(counts, lambda count: count.band == band)


def _sum(counts: Iterable[CustomerCount], holds: Callable[[CustomerCount], bool]) -> int:
    return sum(count.customers for count in counts if holds(count))

"""Figures of customers and companies as messages."""

from patronage.analytics.v1 import metrics_service_pb2 as pb
from services.analytics.convert.money import decimal, money
from services.analytics.convert.times import timestamp
from services.analytics.domain.figures import CompanyFigures, CurrencyTotal, CustomerMetrics
from services.analytics.domain.frequency import RepeatFrequency


def metrics_message(metrics: CustomerMetrics) -> pb.CustomerMetrics:
    """The message of a customer's metrics."""
    figures = metrics.figures
    return pb.CustomerMetrics(
        customer_id=figures.customer_id,
        name=figures.name,
        total_purchases=figures.purchases,
        totals=[_currency_total(total) for total in figures.totals],
        total_items_bought=decimal(figures.items),
        first_purchase_time=timestamp(figures.first_purchase_time),
        last_purchase_time=timestamp(figures.last_purchase_time),
        days_since_last_purchase=metrics.days_since_last_purchase,
        is_repeat_customer=metrics.is_repeat_customer,
        repeat_frequency=_frequency(metrics.repeat_frequency),
    )


def summary_message(company: CompanyFigures, age_seconds: float) -> pb.GetCompanySummaryResponse:
    """The message of a company's figures."""
    return pb.GetCompanySummaryResponse(
        total_customers=company.customers,
        active_customers=company.active,
        persons=company.persons,
        organizations=company.organizations,
        buying_customers=company.buying,
        repeat_customers=company.repeat,
        repeat_percentage=decimal(company.repeat_percentage),
        revenue=[_revenue(company, total) for total in company.revenue],
        frequencies=[
            pb.FrequencyCount(frequency=_frequency(frequency), customers=customers)
            for frequency, customers in company.frequencies
        ],
        age_seconds=age_seconds,
    )


def _currency_total(total: CurrencyTotal) -> pb.CurrencyTotal:
    return pb.CurrencyTotal(
        purchases=total.purchases, total_spent=money(total.total), average_spent=money(total.average)
    )


def _revenue(company: CompanyFigures, total: CurrencyTotal) -> pb.CurrencySummary:
    return pb.CurrencySummary(
        total_sales=total.purchases,
        total_revenue=money(total.total),
        average_customer_value=money(company.average_customer_value(total.total)),
    )


def _frequency(frequency: RepeatFrequency) -> pb.RepeatFrequency.ValueType:
    return pb.RepeatFrequency.Value(f"REPEAT_FREQUENCY_{frequency}")

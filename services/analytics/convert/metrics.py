"""Figures of customers and companies as messages."""

from patronage.analytics.v1 import loyalty_policy_pb2
from patronage.analytics.v1 import metrics_service_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.analytics.convert.money import decimal, money
from services.analytics.convert.times import timestamp
from services.analytics.domain.figures import CompanyFigures, CurrencyTotal, CustomerMetrics, Rhythm, Worth
from services.analytics.domain.frequency import RepeatFrequency
from services.analytics.domain.lifetime_value import EngagementFigures, WorthIn
from services.analytics.domain.loyalty import LifetimeValueMethod
from services.analytics.domain.money import Amount
from services.analytics.domain.questions import MetricsOrder
from services.runtime.failures import FieldCheck


def metrics_message(metrics: CustomerMetrics) -> pb.CustomerMetrics:
    """The message of a customer's metrics."""
    figures, worth = metrics.figures, metrics.worth
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
        loyalty_tier=metrics.loyalty_tier,
        lifetime_value=_lifetime_value(worth, metrics.policy.method) if worth else None,
        engagements=_engagements(worth.engagements) if worth else None,
        customer_type=customer_pb2.CustomerType.Value(f"CUSTOMER_TYPE_{figures.customer_type}"),
        phone=figures.phone,
        email=figures.email,
        create_time=timestamp(figures.create_time),
        rhythm=_rhythm(metrics.rhythm) if metrics.rhythm else None,
    )


def metrics_order(order: pb.MetricsOrder.ValueType, check: FieldCheck) -> MetricsOrder:
    """The order that is asked for; one that is not known is noted."""
    name = pb.MetricsOrder.Name(order).removeprefix("METRICS_ORDER_") if order in pb.MetricsOrder.values() else ""
    if order == pb.METRICS_ORDER_UNSPECIFIED:
        return MetricsOrder.MOST_PURCHASES
    known = check.require(name, "order", "must be an order of metrics")
    return MetricsOrder(name) if known else MetricsOrder.MOST_PURCHASES


def summary_message(company: CompanyFigures, age_seconds: float) -> pb.GetCompanySummaryResponse:
    """The message of a company's figures."""
    return pb.GetCompanySummaryResponse(
        total_customers=company.customers,
        active_customers=company.active,
        persons=company.persons,
        organizations=company.organizations,
        new_customers=company.new,
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


def method_value(method: LifetimeValueMethod) -> loyalty_policy_pb2.LifetimeValueMethod.ValueType:
    """The value of a method of lifetime value."""
    return loyalty_policy_pb2.LifetimeValueMethod.Value(f"LIFETIME_VALUE_METHOD_{method}")


def _lifetime_value(worth: Worth, method: LifetimeValueMethod) -> pb.LifetimeValue:
    amounts = [_worth_in(one, method) for one in worth.by_currency]
    return pb.LifetimeValue(method=method_value(method), amounts=amounts)


def _worth_in(one: WorthIn, method: LifetimeValueMethod) -> pb.LifetimeValueAmount:
    return pb.LifetimeValueAmount(
        total=money(Amount(one.total(method), one.currency)),
        sales=money(Amount(one.sales, one.currency)),
        offers=money(Amount(one.offers, one.currency)),
        jobs=money(Amount(one.jobs, one.currency)),
    )


def _rhythm(rhythm: Rhythm) -> pb.PurchaseRhythm:
    return pb.PurchaseRhythm(
        repeat_days=rhythm.repeat_days,
        recency_days=rhythm.recency_days,
        age_days=rhythm.age_days,
        repeat_totals=[money(amount) for amount in rhythm.repeat_totals],
    )


def _engagements(figures: EngagementFigures) -> pb.EngagementFigures:
    return pb.EngagementFigures(
        leads=figures.leads,
        offers=figures.offers,
        accepted_offers=figures.accepted_offers,
        bookings=figures.bookings,
        completed_bookings=figures.completed_bookings,
        jobs=figures.jobs,
        completed_jobs=figures.completed_jobs,
        average_job_values=[money(value) for value in figures.average_job_values],
        last_time=timestamp(figures.last_time),
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

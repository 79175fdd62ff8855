"""Messages become values and values messages, with nothing lost between."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import decimal_pb2, money_pb2

from patronage.analytics.v1 import metrics_service_pb2, sales_service_pb2
from patronage.customers.v1 import change_feed_pb2, company_service_pb2, customer_pb2
from services.analytics.convert.changes import told
from services.analytics.convert.metrics import metrics_message
from services.analytics.convert.sales import customer_input, sale_input, sale_message
from services.analytics.domain.figures import CurrencyTotal, CustomerFigures, Reckoning, metrics_of
from services.analytics.domain.frequency import RepeatFrequency
from services.analytics.domain.loyalty import SHIPPED
from services.analytics.domain.mirror import CompanyChange, CustomerChange, CustomerState, PartyType
from services.analytics.domain.money import Amount
from services.analytics.domain.sale_rules import checked_sale
from services.analytics.domain.sales import Sale, SaleLine, SaleStatus
from services.runtime.failures import FieldCheck

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOON_MESSAGE = Timestamp(seconds=int(NOON.timestamp()))


def test_a_sale_comes_back_as_it_was_sent() -> None:
    sent = sales_service_pb2.Sale(
        sale_id="s-1",
        total_amount=money_pb2.Money(currency_code="KES", units=2500, nanos=500_000_000),
        lines=[
            sales_service_pb2.SaleLine(
                product="flour",
                quantity=decimal_pb2.Decimal(value="2.5"),
                amount=money_pb2.Money(currency_code="KES", units=700),
            )
        ],
        payment_method="mpesa",
        sale_time=NOON_MESSAGE,
    )
    request = sales_service_pb2.RecordSaleRequest(customer_id="c", sale=sent)
    asked = checked_sale(FieldCheck(), customer_input(request), sale_input(request), NOON)
    stored = Sale(asked.sale_id, "c", asked.total, asked.lines, asked.payment_method, NOON, SaleStatus.COMPLETED, NOON)
    answered = sale_message(stored)
    sent.origin_customer_id = "c"
    sent.status = sales_service_pb2.SALE_STATUS_COMPLETED
    sent.create_time.CopyFrom(NOON_MESSAGE)
    assert answered == sent


def test_an_absent_amount_of_a_line_stays_absent() -> None:
    line = SaleLine("bag", Decimal("1.000"), None)
    stored = Sale("s", "c", Amount(0, "KES"), (line,), "", NOON, SaleStatus.VOIDED, NOON)
    message = sale_message(stored).lines[0]
    assert (message.HasField("amount"), message.quantity.value) == (False, "1")


def test_a_request_without_a_sale_has_none() -> None:
    assert sale_input(sales_service_pb2.RecordSaleRequest()) is None


def test_every_status_and_frequency_has_a_value_in_the_contract() -> None:
    for status in SaleStatus:
        assert sales_service_pb2.SaleStatus.Value(f"SALE_STATUS_{status}")
    for frequency in RepeatFrequency:
        assert metrics_service_pb2.RepeatFrequency.Value(f"REPEAT_FREQUENCY_{frequency}")


def test_metrics_without_a_purchase_leave_times_and_days_absent() -> None:
    message = metrics_message(
        metrics_of(CustomerFigures("c", "n", 0, Decimal(0), None, None), Reckoning(NOON, "UTC", SHIPPED))
    )
    for field in ("first_purchase_time", "last_purchase_time", "days_since_last_purchase"):
        assert not message.HasField(field)
    assert message.total_items_bought.value == "0"


def test_metrics_show_sums_and_means() -> None:
    totals = (CurrencyTotal(2, Amount(2001, "KES")),)
    figures = CustomerFigures("c", "n", 2, Decimal("1.500"), NOON, NOON, totals)
    message = metrics_message(metrics_of(figures, Reckoning(NOON, "UTC", SHIPPED)))
    assert message.totals[0].total_spent == money_pb2.Money(currency_code="KES", units=20, nanos=10_000_000)
    assert message.totals[0].average_spent == money_pb2.Money(currency_code="KES", units=10)
    assert (message.days_since_last_purchase, message.is_repeat_customer) == (0, True)
    assert message.repeat_frequency == metrics_service_pb2.REPEAT_FREQUENCY_OCCASIONAL


@pytest.mark.parametrize("state", [state for state in CustomerState if state is not CustomerState.GONE])
def test_a_customer_of_the_feed_is_told_with_its_state_and_root(state: CustomerState) -> None:
    customer = customer_pb2.Customer(
        customer_id="C", name="Acme", state=customer_pb2.CustomerState.Value(f"CUSTOMER_STATE_{state}")
    )
    customer.party_type = customer_pb2.PARTY_TYPE_ORGANIZATION
    customer.merged_into = "R"
    change = change_feed_pb2.Change(company_id="acme", revision=4, customer=customer)
    assert told(change) == CustomerChange("c", 4, "Acme", state, PartyType.ORGANIZATION, "r")


def test_a_customer_without_a_target_is_a_root_and_a_person_unless_said() -> None:
    customer = customer_pb2.Customer(customer_id="c", state=customer_pb2.CUSTOMER_STATE_ACTIVE)
    what = told(change_feed_pb2.Change(customer=customer))
    assert isinstance(what, CustomerChange)
    assert (what.merged_into, what.party_type) == (None, PartyType.PERSON)


def test_a_state_of_a_newer_release_is_refused_rather_than_guessed() -> None:
    change = change_feed_pb2.Change(customer=customer_pb2.Customer(customer_id="c", state=99))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="99"):
        told(change)


def test_settings_are_told_with_utc_where_no_zone_is() -> None:
    company = company_service_pb2.Company(settings=company_service_pb2.CompanySettings(currency="KES"))
    change = change_feed_pb2.Change(revision=2, company=company)
    assert told(change) == CompanyChange(2, "KES", "UTC")


def test_a_change_of_something_else_is_nothing_to_tell() -> None:
    assert told(change_feed_pb2.Change(company_id="acme")) is None

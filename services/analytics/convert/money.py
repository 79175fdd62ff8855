"""Money and quantities: google.type messages to values and back."""

from decimal import Decimal

from google.type import decimal_pb2, money_pb2

from services.analytics.domain.money import Amount, MoneyInput
from services.analytics.domain.quantities import plain
from services.money.minor_units import units_and_nanos


def money_input(message: money_pb2.Money) -> MoneyInput:
    """An amount as a request says it."""
    return MoneyInput(message.currency_code, message.units, message.nanos)


def money(amount: Amount) -> money_pb2.Money:
    """The message of an amount."""
    units, nanos = units_and_nanos(amount.minor, amount.currency)
    return money_pb2.Money(currency_code=amount.currency, units=units, nanos=nanos)


def decimal(value: Decimal) -> decimal_pb2.Decimal:
    """The message of a decimal number."""
    return decimal_pb2.Decimal(value=plain(value))

"""What is asked is taken whole or refused with every field that is wrong."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.analytics.domain.instants import InstantInput
from services.analytics.domain.questions import metrics_question, repeat_customers_question, sales_question
from services.runtime.failures import FieldCheck, FieldsInvalid

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NEVER = InstantInput(0, -1)


def bad_fields(ask: Callable[[], object]) -> list[str]:
    with pytest.raises(FieldsInvalid) as refused:
        ask()
    return [violation.field for violation in refused.value.fields]


def test_metrics_need_a_customer_and_a_time() -> None:
    assert bad_fields(lambda: metrics_question(FieldCheck(), "", NEVER, NOW)) == ["customer_id", "as_of_time"]
    assert metrics_question(FieldCheck(), "c", None, NOW).as_of == NOW


def test_repeat_customers_have_two_purchases_or_more() -> None:
    def ask(least: int, as_of: InstantInput | None = None, page_size: int = 0) -> int:
        question = repeat_customers_question(
            FieldCheck(), min_purchases=least, as_of=as_of, page_size=page_size, page_token="", now=NOW
        )
        return question.least_purchases

    assert (ask(0), ask(2), ask(7)) == (2, 2, 7)
    assert bad_fields(lambda: ask(1)) == ["min_purchases"]
    assert bad_fields(lambda: ask(-1, NEVER, -1)) == ["min_purchases", "as_of_time", "page_size"]


def test_an_interval_of_sales_does_not_end_before_it_starts() -> None:
    def ask(start: InstantInput | None, end: InstantInput | None, page_size: int = 0) -> object:
        return sales_question(
            FieldCheck(),
            customer_id="",
            sold_from=start,
            sold_before=end,
            page_size=page_size,
            page_token="",
            statuses=(),
        )

    assert bad_fields(lambda: ask(InstantInput(1, 0), InstantInput(0, 0))) == ["sold_before"]
    assert bad_fields(lambda: ask(NEVER, NEVER, -1)) == ["sold_from", "sold_before", "page_size"]
    assert ask(InstantInput(0, 0), None)

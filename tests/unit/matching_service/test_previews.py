"""What a preview binds a merge to, and how the sales of both sides are summed."""

import pytest
from google.type.money_pb2 import Money

from patronage.analytics.v1 import metrics_service_pb2 as metrics
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.matching.v1 import merge_service_pb2 as pb
from services.matching.convert.merges import preview_of
from services.matching.convert.previews import preview_response, sales_message
from services.matching.domain.failures import PreviewRequired
from services.matching.domain.preview_token import NO_DIGEST, PreviewToken, decoded
from services.runtime.failures import FieldsInvalid

TOKEN = PreviewToken("ab" * 32, "policy-3")


def test_a_token_says_what_was_seen_and_under_which_policy() -> None:
    assert decoded(TOKEN.encode()) == TOKEN
    assert TOKEN.digest_under("policy-3") == "ab" * 32
    assert TOKEN.digest_under("policy-4") == NO_DIGEST


@pytest.mark.parametrize("text", ["x", "é", "=", "ab" * 16, "_" * 60, "\u0000"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(FieldsInvalid) as failure:
        decoded(text)
    assert [violation.field for violation in failure.value.fields] == ["preview_token"]


def test_a_merge_is_previewed_or_says_that_it_goes_without() -> None:
    assert preview_of(pb.MergeCustomersRequest(preview_token=TOKEN.encode())) == TOKEN
    assert preview_of(pb.MergeCustomersRequest(allow_unpreviewed=True)) is None
    with pytest.raises(PreviewRequired):
        preview_of(pb.MergeCustomersRequest())


def test_what_is_blocked_has_no_token() -> None:
    described = storage.DescribeMergeResponse()
    described.blockers.add(customer_id="a")
    answer = preview_response(described, None, "policy-3")
    assert (answer.allowed, answer.preview_token) == (False, "")
    assert not answer.HasField("sales")
    assert not answer.HasField("result")


def figures(asked: str, root: str, purchases: int, *amounts: tuple[str, int, int]) -> metrics.MetricsOfCustomer:
    of = metrics.CustomerMetrics(customer_id=root, total_purchases=purchases)
    for currency, units, nanos in amounts:
        of.totals.add(total_spent=Money(currency_code=currency, units=units, nanos=nanos))
    return metrics.MetricsOfCustomer(customer_id=asked, metrics=of)


def test_sales_are_summed_by_currency_and_each_root_counts_once() -> None:
    found = [
        figures("a", "a", 2, ("USD", 1, 750_000_000), ("KES", 5, 0)),
        figures("b", "b", 1, ("USD", -3, -500_000_000)),
        figures("c", "a", 2, ("USD", 1, 750_000_000), ("KES", 5, 0)),
    ]
    sales = sales_message(metrics.BatchGetCustomerMetricsResponse(found=found))
    assert [(one.customer_id, one.total_purchases) for one in sales.sides] == [("a", 2), ("b", 1), ("c", 2)]
    assert sales.total_purchases == 3
    sums = [(one.currency_code, one.units, one.nanos) for one in sales.total_spent]
    assert sums == [("KES", 5, 0), ("USD", -1, -750_000_000)]

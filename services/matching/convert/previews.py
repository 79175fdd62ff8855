"""Previews owns what a merge would do, as it is asked of customers and analytics and as it is answered."""

from collections.abc import Iterable, Sequence

from google.type.money_pb2 import Money

from patronage.analytics.v1 import metrics_service_pb2 as metrics
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.customers.v1.merge_preview_pb2 import MergeBlocker
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from services.matching.convert.judgements import judgement_message
from services.matching.convert.merges import checked_merge
from services.matching.domain.judgement import Judgement
from services.matching.domain.preview_token import PreviewToken
from services.runtime.failures import FieldCheck

_NANOS = 10**9


def describe_request(request: pb.PreviewMergeRequest) -> storage.DescribeMergeRequest:
    """Return what customers is asked; FieldsInvalid names every bad field."""
    check = FieldCheck()
    checked_merge(check, request)
    check.raise_if_any()
    return storage.DescribeMergeRequest(
        target_id=request.target_id, source_ids=request.source_ids, rules=request.rules, choices=request.choices
    )


def preview_response(
    described: storage.DescribeMergeResponse,
    sales: pb.PreviewedSales | None,
    policy_version: str,
    different: Sequence[Judgement] = (),
) -> pb.PreviewMergeResponse:
    """Return the answer to the one who asked."""
    digest = described.state_digest
    return pb.PreviewMergeResponse(
        allowed=not described.blockers and not different,
        blockers=[*described.blockers, *map(_blocker, different)],
        target=described.target,
        sources=described.sources,
        result=described.result if described.HasField("result") else None,
        fields=described.fields,
        moves=described.moves,
        sales=sales,
        preview_token=PreviewToken(digest, policy_version).encode() if digest else "",
        policy_version=policy_version,
        different=map(judgement_message, different),
    )


def trees_of(described: storage.DescribeMergeResponse) -> dict[str, list[str]]:
    """Return the roots that would be joined, each with what is merged into it."""
    roots = [described.target, *described.sources]
    return {root.customer_id: list(root.merged_customer_ids) for root in roots}


def _blocker(judgement: Judgement) -> MergeBlocker:
    text = f"Judgement {judgement.judgement_id} says that {judgement.left_id} and {judgement.right_id} are different."
    reason = error_reason_pb2.ERROR_REASON_JUDGED_DIFFERENT
    return MergeBlocker(reason=reason, customer_id=judgement.right_id, message=text)


def metrics_request(request: pb.PreviewMergeRequest) -> metrics.BatchGetCustomerMetricsRequest:
    """Return what analytics is asked."""
    return metrics.BatchGetCustomerMetricsRequest(customer_ids=[request.target_id, *request.source_ids])


def sales_message(answer: metrics.BatchGetCustomerMetricsResponse) -> pb.PreviewedSales:
    """Return what each side bought, and all of them together: figures are additive."""
    roots = {one.metrics.customer_id: one.metrics for one in answer.found}
    return pb.PreviewedSales(
        sides=[
            pb.SideSales(
                customer_id=one.customer_id,
                total_purchases=one.metrics.total_purchases,
                total_spent=[total.total_spent for total in one.metrics.totals],
            )
            for one in answer.found
        ],
        total_purchases=sum(one.total_purchases for one in roots.values()),
        total_spent=_sums(total.total_spent for one in roots.values() for total in one.totals),
    )


def _sums(amounts: Iterable[Money]) -> list[Money]:
    """Return one sum for each currency, by currency code."""
    sums: dict[str, int] = {}
    for amount in amounts:
        sums[amount.currency_code] = sums.get(amount.currency_code, 0) + amount.units * _NANOS + amount.nanos
    return [_money(currency, nanos) for currency, nanos in sorted(sums.items())]


def _money(currency: str, nanos: int) -> Money:
    """Return an amount; units and nanos have the same sign."""
    units, rest = divmod(abs(nanos), _NANOS)
    sign = -1 if nanos < 0 else 1
    return Money(currency_code=currency, units=sign * units, nanos=sign * rest)

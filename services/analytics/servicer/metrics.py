"""MetricsService: the figures of customers, how a company classes them, and whether they are right."""

import grpc

from patronage.analytics.v1 import company_figures_pb2, loyalty_policy_pb2, metrics_service_pb2_grpc
from patronage.analytics.v1 import metrics_service_pb2 as pb
from services.analytics.convert.loyalty import policy_input, policy_message, policy_set_message
from services.analytics.convert.metrics import metrics_message, metrics_order
from services.analytics.convert.times import asked_instant
from services.analytics.domain.loyalty import checked_policy
from services.analytics.domain.questions import (
    batch_question,
    metrics_list_question,
    metrics_question,
    repeat_customers_question,
)
from services.analytics.operations.get_customer_metrics import batch_get_customer_metrics, get_customer_metrics
from services.analytics.operations.list_customer_metrics import list_customer_metrics, list_repeat_customers
from services.analytics.operations.loyalty_policy import (
    get_loyalty_policy,
    preview_loyalty_policy,
    set_loyalty_policy,
)
from services.analytics.operations.verify_metrics import verify_metrics
from services.analytics.servicer.company import CompanyReports
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


class MetricsServicer(CompanyReports, metrics_service_pb2_grpc.MetricsServiceServicer):
    """Figures that follow merges and undos."""

    def GetCustomerMetrics(  # noqa: N802 - the name of the RPC
        self, request: pb.GetCustomerMetricsRequest, context: grpc.ServicerContext
    ) -> pb.GetCustomerMetricsResponse:
        """Reads the figures of one customer."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = metrics_question(check, request.customer_id, asked_instant(request, "as_of_time"), self._clock())

        def run(tx: Transaction, age_seconds: float) -> pb.GetCustomerMetricsResponse:
            metrics = metrics_message(get_customer_metrics(tx, asked))
            return pb.GetCustomerMetricsResponse(metrics=metrics, age_seconds=age_seconds)

        return self._read(context, token, run)

    def BatchGetCustomerMetrics(  # noqa: N802 - the name of the RPC
        self, request: pb.BatchGetCustomerMetricsRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetCustomerMetricsResponse:
        """Reads the figures of several customers."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        as_of = batch_question(check, request.customer_ids, asked_instant(request, "as_of_time"), self._clock())

        def run(tx: Transaction, age_seconds: float) -> pb.BatchGetCustomerMetricsResponse:
            several = batch_get_customer_metrics(tx, request.customer_ids, as_of)
            found = (
                pb.MetricsOfCustomer(customer_id=i, metrics=metrics_message(one)) for i, one in several.found.items()
            )
            return pb.BatchGetCustomerMetricsResponse(found=found, missing_ids=several.missing, age_seconds=age_seconds)

        return self._read(context, token, run)

    def ListCustomerMetrics(  # noqa: N802 - the name of the RPC
        self, request: pb.ListCustomerMetricsRequest, context: grpc.ServicerContext
    ) -> pb.ListCustomerMetricsResponse:
        """Lists the customers who bought."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = metrics_list_question(
            check,
            order=metrics_order(request.order, check),
            currency=request.currency,
            as_of=asked_instant(request, "as_of_time"),
            page_size=request.page_size,
            page_token=request.page_token,
            now=self._clock(),
        )

        def run(tx: Transaction, age_seconds: float) -> pb.ListCustomerMetricsResponse:
            page = list_customer_metrics(tx, asked)
            return pb.ListCustomerMetricsResponse(
                customers=[metrics_message(customer) for customer in page.customers],
                next_page_token=page.next_page_token,
                age_seconds=age_seconds,
            )

        return self._read(context, token, run)

    def ListRepeatCustomers(  # noqa: N802 - the name of the RPC
        self, request: pb.ListRepeatCustomersRequest, context: grpc.ServicerContext
    ) -> pb.ListRepeatCustomersResponse:
        """Lists those who came back."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = repeat_customers_question(
            check,
            min_purchases=request.min_purchases,
            as_of=asked_instant(request, "as_of_time"),
            page_size=request.page_size,
            page_token=request.page_token,
            now=self._clock(),
        )

        def run(tx: Transaction, age_seconds: float) -> pb.ListRepeatCustomersResponse:
            page = list_repeat_customers(tx, asked)
            return pb.ListRepeatCustomersResponse(
                customers=[metrics_message(customer) for customer in page.customers],
                next_page_token=page.next_page_token,
                total_size=page.total_size,
                age_seconds=age_seconds,
            )

        return self._read(context, token, run)

    def GetLoyaltyPolicy(  # noqa: N802 - the name of the RPC
        self, request: loyalty_policy_pb2.GetLoyaltyPolicyRequest, context: grpc.ServicerContext
    ) -> loyalty_policy_pb2.GetLoyaltyPolicyResponse:
        """Reads how the company classes its customers."""
        check = FieldCheck()
        check.require(request.version >= 0, "version", "must not be negative")
        check.raise_if_any()

        def run(tx: Transaction) -> loyalty_policy_pb2.GetLoyaltyPolicyResponse:
            policy = policy_message(get_loyalty_policy(tx, request.version))
            return loyalty_policy_pb2.GetLoyaltyPolicyResponse(policy=policy)

        return self._edge.read(context, run)

    def SetLoyaltyPolicy(  # noqa: N802 - the name of the RPC
        self, request: loyalty_policy_pb2.SetLoyaltyPolicyRequest, context: grpc.ServicerContext
    ) -> loyalty_policy_pb2.SetLoyaltyPolicyResponse:
        """Sets how the company classes its customers, or tells what that would change."""
        check = FieldCheck()
        asked = checked_policy(check, policy_input(request, check))
        expected = request.expected_version if request.HasField("expected_version") else None
        if request.validate_only:
            return self._edge.read(context, lambda tx: policy_set_message(preview_loyalty_policy(tx, asked, expected)))
        return self._edge.write(
            context, request, lambda tx: policy_set_message(set_loyalty_policy(tx, asked, expected))
        )

    def VerifyMetrics(  # noqa: N802 - the name of the RPC
        self, request: company_figures_pb2.VerifyMetricsRequest, context: grpc.ServicerContext
    ) -> company_figures_pb2.VerifyMetricsResponse:
        """Counts figures again."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        check.raise_if_any()

        def run(tx: Transaction) -> company_figures_pb2.VerifyMetricsResponse:
            verified = verify_metrics(tx, request.customer_id)
            drifts = [
                company_figures_pb2.MetricsDrift(kind=one.kind, subject=one.what, kept=one.kept, counted=one.counted)
                for one in verified.drifts
            ]
            return company_figures_pb2.VerifyMetricsResponse(total_drifts=verified.total, drifts=drifts)

        self._followed.wait(token, context)
        return self._edge.read(context, run)

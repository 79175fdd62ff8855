"""Customers is away: matching and analytics start, answer with what they have and say how old it is; merges wait."""

import math
from collections.abc import Callable
from typing import Any

import grpc
import psycopg
import pytest

from patronage.analytics.v1 import metrics_service_pb2, overview_pb2
from patronage.matching.v1 import matching_service_pb2, merge_service_pb2
from services.runtime.ids import new_id
from tests.faults.company import (
    Company,
    admin_url,
    code_of,
    insist,
    may_be_repeated,
    reason_of,
    record,
    retry_delay,
    start_together,
    until,
)
from tests.faults.people import import_people, sale_request
from tests.faults.proofs import assert_figures_are_a_recount, assert_mirrors_agree

FOLLOWERS = ("matching", "analytics")


def ages(company: Company) -> tuple[float, float]:
    """How old what matching and analytics know is, as they say; infinite where they say that they know nothing."""
    matched = company.matching.MatchRecord(record())
    summary = company.metrics.GetCompanySummary(metrics_service_pb2.GetCompanySummaryRequest())
    return matched.freshness.age_seconds if matched.HasField("freshness") else math.inf, summary.age_seconds


def assert_upstream_unavailable(call: Callable[[Any], object], request: Any) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    assert code_of(caught.value) is grpc.StatusCode.UNAVAILABLE
    assert reason_of(caught.value) == "UPSTREAM_UNAVAILABLE"
    assert retry_delay(caught.value)


def assert_overview_has_the_figures_alone(company: Company, person: str) -> None:
    found = company.overviews.GetCustomerOverview(overview_pb2.GetCustomerOverviewRequest(customer_id=person))
    missing = [part for part in found.parts if not part.available]
    assert {part.reason for part in missing} == {"UPSTREAM_UNAVAILABLE"}
    assert len(missing) == len(found.parts) - 2, "the figures and the sales are here"
    assert (found.metrics.total_purchases, len(found.sales)) == (2, 2)
    assert all(0 < part.age_seconds < math.inf for part in found.parts if part.available)


def test_both_start_and_answer_without_customers_and_all_recover(company: Company) -> None:
    suite, people = company.suite, import_people(company, 6)
    merge = merge_service_pb2.MergeCustomersRequest(
        target_id=people[0], source_ids=people[1:2], request_id=new_id(), allow_unpreviewed=True
    )
    merged = company.merges.MergeCustomers(merge)
    insist(company.sales.RecordSale, sale_request(people[1], 5, merged.change_token))
    duplicates = matching_service_pb2.FindDuplicatesRequest(customer_id=people[1], min_confidence=0)
    found = insist(company.matching.FindDuplicates, duplicates)
    token = company.wait_for_followers()

    suite.kill("customers")
    for name in FOLLOWERS:
        suite.kill(name)
    start_together(suite, FOLLOWERS)

    answer = insist(company.matching.FindDuplicates, duplicates)
    assert answer.candidates == found.candidates
    question = metrics_service_pb2.GetCustomerMetricsRequest(customer_id=people[0], at_least_as_fresh=token)
    assert insist(company.metrics.GetCustomerMetrics, question).metrics.total_purchases == 1, "the token was met before"
    assert insist(company.sales.RecordSale, sale_request(people[0], 7)).recorded
    assert_overview_has_the_figures_alone(company, people[0])
    first = ages(company)
    assert all(0 < age < math.inf for age in first)
    until(lambda: all(now > age + 0.2 for now, age in zip(ages(company), first, strict=True)), "both ages grow")

    again = merge_service_pb2.MergeCustomersRequest(
        target_id=people[2], source_ids=people[3:4], request_id=new_id(), allow_unpreviewed=True
    )
    undo = merge_service_pb2.UndoMergeRequest(merge_id=merged.merge.merge_id, request_id=new_id())
    assert_upstream_unavailable(company.merges.MergeCustomers, again)
    assert_upstream_unavailable(company.merges.UndoMerge, undo)

    suite.start("customers")
    insist(company.merges.MergeCustomers, again)
    insist(company.merges.UndoMerge, undo)
    assert_mirrors_agree(company)
    assert_figures_are_a_recount(company)
    until(lambda: all(age < 5 for age in ages(company)), "both are young again")


def test_those_who_never_heard_of_customers_say_so_and_hear_everything_later(company: Company) -> None:
    suite, people = company.suite, import_people(company, 3)
    token = company.wait_for_followers()
    suite.kill("customers")
    for name in FOLLOWERS:
        suite.kill(name)
        with psycopg.connect(admin_url(suite, name)) as connection:
            connection.execute("DELETE FROM follower_cursors")
    start_together(suite, FOLLOWERS)
    assert until(lambda: _asked(lambda: ages(company)), "both answer") == (math.inf, math.inf)
    until(lambda: says_that_it_is_not_fresh(company, token), "analytics says before the deadline that it waits")
    suite.start("customers")
    import_people(company, 2)
    assert_mirrors_agree(company)
    insist(company.sales.RecordSale, sale_request(people[0], 3))
    assert_figures_are_a_recount(company)
    until(lambda: all(age < 5 for age in ages(company)), "both are young again")


def says_that_it_is_not_fresh(company: Company, token: str) -> bool:
    """Whether analytics says so; false where the answer, which is given 50 ms before the deadline, was on its way."""
    waiting = metrics_service_pb2.GetCompanySummaryRequest(at_least_as_fresh=token)
    with pytest.raises(grpc.RpcError) as caught:
        company.metrics.GetCompanySummary(waiting, timeout=0.5)
    assert reason_of(caught.value) == "NOT_YET_FRESH" or code_of(caught.value) is grpc.StatusCode.DEADLINE_EXCEEDED
    return bool(reason_of(caught.value))


def _asked(ask: Callable[[], tuple[float, float]]) -> tuple[float, float] | None:
    try:
        return ask()
    except grpc.RpcError as error:
        if not may_be_repeated(error):
            raise
        return None

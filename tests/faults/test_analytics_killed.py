"""Analytics is killed between a sale and its answer: a repeated sale counts once, and figures are a recount."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from patronage.analytics.v1 import metrics_service_pb2, sales_service_pb2
from services.local.suite import Suite
from tests.faults.company import Company, insist, until
from tests.faults.people import import_people, sale_request
from tests.faults.proofs import assert_figures_are_a_recount, assert_mirrors_agree, rows

PEOPLE, CALLERS, SALES, KILLS = 8, 4, 60, 2
STORED = "SELECT sale_id, origin_customer_id::text, total_minor FROM sales WHERE company_id = %s"


def kill_under(suite: Suite, answered: list[str], at_work: Sequence[Future[None]], chance: random.Random) -> None:
    """Kills analytics at moments spread over the sales, and starts it again each time."""

    def are_answered(moment: int) -> bool:
        return len(answered) >= moment

    for kill in range(KILLS):
        moment = CALLERS * SALES * kill // KILLS + chance.randrange(5, CALLERS * SALES // KILLS - 20)
        until(partial(are_answered, moment), f"{moment} sales are answered", at_work=at_work)
        threading.Event().wait(chance.uniform(0, 0.01))  # where inside the next sales it strikes
        suite.kill("analytics")
        suite.start("analytics")


def test_a_sale_that_is_repeated_until_it_is_answered_counts_once(company: Company, chance: random.Random) -> None:
    people = import_people(company, PEOPLE)
    token = company.everything()
    requests = [sale_request(chance.choice(people), 1 + place, token) for place in range(CALLERS * SALES)]
    answered: list[str] = []

    def sell(request: sales_service_pb2.RecordSaleRequest) -> None:
        answered.append(insist(company.sales.RecordSale, request).sale.sale_id)

    with ThreadPoolExecutor(CALLERS) as threads:
        at_work = [threads.submit(sell, request) for request in requests]
        kill_under(company.suite, answered, at_work, chance)
        for one in at_work:
            one.result()
        again = threads.map(lambda request: insist(company.sales.RecordSale, request).recorded, requests)
        assert not any(again), "all of them were recorded before"
    stored = rows(company.suite, "analytics", STORED, company.id)
    assert Counter(stored) == Counter(
        (request.sale.sale_id, request.customer_id, request.sale.total_amount.units * 100) for request in requests
    )
    assert_figures_are_a_recount(company)
    assert_mirrors_agree(company)
    for customer_id in people:
        question = metrics_service_pb2.GetCustomerMetricsRequest(customer_id=customer_id)
        metrics = insist(company.metrics.GetCustomerMetrics, question).metrics
        mine = [request.sale.total_amount.units for request in requests if request.customer_id == customer_id]
        assert metrics.total_purchases == len(mine)
        assert sum(total.total_spent.units for total in metrics.totals) == sum(mine)

"""A batch of sales is planned for its size, whatever came before it on the connection."""

from services.analytics.operations.record_sales import record_sales
from services.runtime.database import Transaction
from tests.integration.analytics.shop import NOON, Shop, sale

GENERIC = "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%INSERT INTO sales%'"


def test_a_batch_after_many_single_sales_has_a_plan_of_its_own(shop: Shop) -> None:
    """With the plan of single sales, which goes through every pair, 2,500 took 9 s."""
    amina = shop.customer()
    with shop.database.transaction(shop.scope) as tx:
        for _ in range(20):
            _sell(tx, amina, 1)
        before = tx.value(GENERIC)
        assert before
        _sell(tx, amina, 50)
        assert tx.value(GENERIC) == before
    assert shop.drift() == []


def _sell(tx: Transaction, customer_id: str, count: int) -> None:
    record_sales(tx, [sale(customer_id) for _ in range(count)], NOON, park=False)

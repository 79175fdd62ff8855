"""Reads that must stay quick reach their rows by an index and throw none away, under row security."""

from typing import Any

import psycopg
import pytest

from services.analytics.store import customer_figures, sales
from services.analytics.store.sales import Wanted
from services.runtime.database import Database, TenantScope
from tests.fixtures.databases import ServiceDatabase

CUSTOMERS = 20_000
SEED = """
INSERT INTO customers_mirror
    (company_id, customer_id, merged_into, root_id, name, state, party_type, epoch, revision, generation)
SELECT 'acme', id, NULL, id, 'name', 'ACTIVE', 'PERSON', 'e1', 1, 1
FROM (SELECT md5(n::text)::uuid AS id FROM generate_series(1, %(customers)s) n) c;
INSERT INTO root_figures (company_id, root_id, listed, active, purchases, items, first_sold_at, last_sold_at)
SELECT 'acme', customer_id, true, true, 2 + abs(hashtext(customer_id::text)) %% 3, 1, '2026-01-01',
       '2026-01-01'::timestamptz + make_interval(mins => abs(hashtext(customer_id::text)) %% 50)
FROM customers_mirror;
INSERT INTO root_totals (company_id, root_id, currency, listed, purchases, total_minor, last_sold_at)
SELECT company_id, root_id, 'KES', true, purchases, 100, last_sold_at FROM root_figures;
INSERT INTO origin_figures
    (company_id, customer_id, currency, purchases, total_minor, items, first_sold_at, last_sold_at)
SELECT company_id, root_id, 'KES', purchases, 100, 1, now(), now() FROM root_figures;
INSERT INTO sales (company_id, sale_id, origin_customer_id, total_minor, currency, items, payment_method,
                   sold_at, status, created_by)
SELECT 'acme', customer_id::text, customer_id, 100, 'KES', 1, 'cash',
       '2026-01-01'::timestamptz + make_interval(mins => abs(hashtext(customer_id::text)) %% 50), 'COMPLETED', 'till'
FROM customers_mirror
"""
SOME_ROOT = "c4ca4238-a0b9-2382-0dcc-509a6f75849b"  # md5('1')
MIDDLE = "7fffffff-ffff-ffff-ffff-ffffffffffff"


@pytest.fixture(scope="module")
def full(kept: ServiceDatabase, kept_database: Database) -> Database:
    with psycopg.connect(kept.admin_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as admin:
        admin.execute(SEED, {"customers": CUSTOMERS})
        admin.execute("VACUUM ANALYZE")
    return kept_database


def scans(database: Database, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with database.transaction(TenantScope("acme"), read_only=True) as tx:
        plan = tx.value(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)
    nodes, found = [plan[0]["Plan"]], []
    while nodes:
        node = nodes.pop()
        nodes.extend(node.get("Plans", []))
        if "Relation Name" in node:
            found.append(node)
    return found


def assert_reads_little(found: list[dict[str, Any]], most_rows: int) -> None:
    assert found, "the plan reads no table"
    for node in found:
        assert "Index" in node["Node Type"], node
        assert node.get("Rows Removed by Filter", 0) == 0, node
        assert node["Actual Rows"] * node["Actual Loops"] <= most_rows, node


@pytest.mark.parametrize(
    ("page", "after", "value"),
    [
        (customer_figures.MOST_PURCHASES, customer_figures.AFTER_PURCHASES, 3),
        (customer_figures.MOST_SPENT, customer_figures.AFTER_SPENT, 100),
        (customer_figures.LATEST, customer_figures.AFTER_TIME, "2026-01-01 00:25:00+00"),
    ],
)
@pytest.mark.parametrize("further", [False, True])
def test_a_page_of_customers_who_bought_reads_a_page_also_amid_equals(
    full: Database, page: str, after: str, value: object, further: bool
) -> None:
    sql = customer_figures.FIGURES.format(page=page.format(after=after if further else ""))
    parameters = {"least": 2, "limit": 21, "value": value, "root_id": MIDDLE, "currency": "KES"}
    assert_reads_little(scans(full, sql, parameters), 21)


def test_the_metrics_of_a_customer_read_its_tree_alone(full: Database) -> None:
    sql = customer_figures.FIGURES.format(page=customer_figures.ROOTS_OF)
    assert_reads_little(scans(full, sql, {"customer_ids": [SOME_ROOT]}), 1)


@pytest.mark.parametrize("root_id", [None, SOME_ROOT])
def test_a_page_of_sales_reads_a_page_also_amid_equal_times(full: Database, root_id: str | None) -> None:
    sql = sales.page_sql(Wanted(root_id, None, None), further=True)
    parameters = {
        "root_id": root_id,
        "sold_from": None,
        "sold_before": None,
        "limit": 21,
        "after_time": "2026-01-01 00:25:00+00",
        "after_id": "7f",
    }
    assert_reads_little(scans(full, sql, parameters), 21)

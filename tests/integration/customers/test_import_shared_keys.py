"""Rows of one batch that share a key: each names the oldest who have it, and no more than a message should."""

from services.customers.store.duplicates import MOST_HITS
from tests.integration.customers.company import Company


def test_rows_with_one_key_name_the_oldest_customers_that_have_it(acme: Company) -> None:
    first = acme.create("First", email="info@shared.io")
    outcomes = acme.import_rows(*({"name": f"Row {number}", "email": "info@shared.io"} for number in range(30)))
    made = sorted([first, *(outcome.customer_id for outcome in outcomes)])
    named = [[hit.customer_id for hit in outcome.duplicates] for outcome in outcomes]
    assert [len(ids) for ids in named] == [min(number, MOST_HITS) for number in range(1, 31)]
    assert named[-1] == made[:MOST_HITS]


def test_a_key_that_an_earlier_row_gave_up_is_free(acme: Company) -> None:
    rows = [{"id": str(number), "name": f"Row {number}", "email": "info@shared.io"} for number in range(2)]
    acme.import_rows(*rows)
    changed = [{**row, "email": f"own{row['id']}@shared.io"} for row in rows]
    outcomes = acme.import_rows(*changed, {"name": "New", "email": "info@shared.io"}, on_duplicate="REJECT")
    assert [outcome.result for outcome in outcomes] == ["UPDATED", "UPDATED", "CREATED"]

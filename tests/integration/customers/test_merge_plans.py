"""A merge touches no children: with very many of them it reads a bounded part to count, and an undo none at all."""

import pytest

from services.customers.domain.merge import Merge
from services.customers.domain.moves import MOST_COUNTED
from services.customers.operations.apply_merge import apply_merge
from services.customers.operations.describe_merge import describe_merge
from services.customers.operations.list_notes import list_notes
from services.customers.operations.revert_merge import revert_merge
from services.runtime.database import Transaction
from services.runtime.ids import new_id
from tests.fixtures.rows_read import rows_so_far
from tests.integration.customers.company import Company

MANY = 4 * MOST_COUNTED
FEW = 300
TIMES = 8
"""More often than a statement is planned for its own values: from the sixth time on one plan serves all."""
NOTES = """
INSERT INTO notes (company_id, note_id, origin_customer_id, type, visibility, content, author, author_name, created_at)
SELECT 'acme', md5(%(origin)s::text || n)::uuid, %(origin)s::uuid, 'GENERAL', 'INTERNAL', 'called', 'ann', 'Ann',
       timestamptz '2024-01-01' + n * interval '1 minute'
  FROM generate_series(1, %(many)s) AS n
"""


@pytest.fixture
def pair(acme: Company) -> tuple[str, str]:
    """A target, and a source with very many notes; some have been merged into each."""
    target, source = acme.create("Ann"), acme.create("Bo")
    for root in (target, source):
        acme.merge(root, acme.create("Cy"), acme.create("Dee"))
    with acme.admin() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(NOTES, {"origin": source, "many": MANY})
        admin.execute("RESET session_replication_role")
        admin.execute("VACUUM ANALYZE")
    return target, source


def read_by(tx: Transaction, before: int) -> int:
    return rows_so_far(tx) - before


def test_a_merge_counts_a_bounded_part_of_the_children_and_an_undo_reads_none(
    acme: Company, pair: tuple[str, str]
) -> None:
    for _ in range(TIMES):
        merge = Merge(new_id(), pair[0], (pair[1],), {}, {})
        with acme.transaction() as tx:
            before = rows_so_far(tx)
            describe_merge(tx, merge)
            assert read_by(tx, before) <= MOST_COUNTED + FEW
        with acme.transaction() as tx:
            before = rows_so_far(tx)
            apply_merge(tx, merge, {})
            assert read_by(tx, before) <= MOST_COUNTED + FEW
        with acme.transaction() as tx:
            before = rows_so_far(tx)
            revert_merge(tx, merge.merge_id, "was wrong")
            assert read_by(tx, before) <= FEW


def test_a_page_of_the_children_of_a_tree_reads_little_more_than_the_page(acme: Company, pair: tuple[str, str]) -> None:
    acme.merge(*pair)
    for _ in range(TIMES):
        with acme.transaction() as tx:
            before = rows_so_far(tx)
            page = list_notes(tx, pair[0], page_size=20, page_token="")
            assert len(page.children) == 20
            assert read_by(tx, before) <= MOST_COUNTED + FEW, "the page, and the count to 10,000"

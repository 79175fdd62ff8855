"""What is read often or in walks comes from an index, in its order: under row security a slip is easily made."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from services.matching.store import (
    derivations,
    groups,
    identities,
    match_keys,
    merge_candidates,
    records,
    review_queue,
    review_stats,
)
from tests.integration.matching.people import ANN, ANNE, BOB, Company, change, customer_id

FIRST = identities.BEFORE_ALL
ONE = [customer_id(1)]
PAGE = {"state": "OPEN", "kind": "PAIR", "rank": 0, "item_id": FIRST, "least": 0, "most": 100, "limit": 20}
PLANS: dict[str, tuple[str, Sequence[Any] | Mapping[str, Any], str]] = {
    "a scan's walk": (identities._IDENTITIES_AFTER, (FIRST, 500), "match_records_pkey"),
    "a derivation's walk": (derivations._RAW_AFTER, (FIRST, 500), "match_records_pkey"),
    "a sweep's walk": (derivations._GENERATIONS_AFTER, (FIRST, 500), "match_records_pkey"),
    "the root of a customer": (identities._ROOT, ONE, "match_records_pkey"),
    "the rows of a batch": (records._LOCK, (ONE,), "match_records_pkey"),
    "keys that go": (match_keys._DROP_KEYS, ("{1}", match_keys.array_text(ONE)), "match_keys_pkey"),
    "a page of groups": (groups._PAGE, (FIRST, 100, -1, 0, FIRST, 20), "duplicate_groups_best"),
    "the surest groups": (merge_candidates._RANKED, (FIRST, 10, -1, 0, FIRST, 500), "duplicate_groups_best"),
    "the count of groups": (groups._COUNT, (FIRST, 100), "duplicate_groups_best"),
    "a page of what waits": (review_queue._PAGE, PAGE, "review_items_queue"),
    "a page of what waits of a kind": (review_queue._PAGE_OF_KIND, PAGE, "review_items_queue_of_kind"),
    "what was decided of an item": (review_queue._PAST, (FIRST, 100), "review_resolutions_of_item"),
    "the oldest that waits": (review_stats._OLDEST, (), "review_items_oldest"),
    "who leaves a group": (groups._SET_LIVE, (False, ONE, False), "duplicate_group_members_pkey"),
}


@pytest.mark.parametrize("name", PLANS)
def test_it_is_read_by_its_index_and_nothing_is_sorted_or_thrown_away(company: Company, name: str) -> None:
    sql, params, index = PLANS[name]
    company.follow(*[change(number, **person) for number, person in enumerate((ANN, ANNE, BOB), 1)])
    with company.database.transaction(company.scope) as tx:
        tx.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = "\n".join(row[0] for row in tx.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}", params))
    assert index in plan
    assert "Rows Removed by Filter" not in plan
    if name != "the rows of a batch":
        assert "Sort" not in plan

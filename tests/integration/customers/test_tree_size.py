"""A merge that would make a customer too large to be sent or folded is refused, and leaves nothing."""

import pytest

from services.customers.domain import merge as rules
from services.customers.domain.failures import TreeTooLarge
from services.customers.domain.merge import Merge
from services.customers.operations.describe_merge import describe_merge
from services.runtime.ids import new_id
from tests.integration.customers.company import Company
from tests.integration.customers.refolding import assert_views_are_folded


def tags_of(name: str) -> list[str]:
    """Tags that make what is shown grow with each merge."""
    return [f"{name} likes number {number:2}".ljust(50, ".") for number in range(12)]


@pytest.mark.parametrize(("limit", "most"), [("MOST_MEMBERS", 3), ("LARGEST_VIEW", 2_000)])
def test_trees_grow_to_a_limit(acme: Company, monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    monkeypatch.setattr(rules, limit, most)
    ann, bo, cy, dee = (acme.create(name, tags=tags_of(name)) for name in ("Ann", "Bo", "Cy", "Dee"))
    acme.merge(ann, bo)
    acme.merge(cy, dee)
    with pytest.raises(TreeTooLarge):
        acme.merge(ann, cy)
    with acme.transaction() as tx:
        described = describe_merge(tx, Merge(new_id(), ann, (cy,), {}, {}))
    assert [one.reason for one in described.blockers] == ["TREE_TOO_LARGE"]
    assert described.result is None
    assert acme.value("SELECT count(*) FROM merges") == 2
    assert acme.tree(cy).tree.root_id == cy
    assert_views_are_folded(acme)

"""The merge log as it is read, and what an undo would do before it is done."""

import pytest

from services.customers.domain.failures import CustomerNotFound, MergeAlreadyUndone, MergeNotFound
from services.customers.domain.merge import LoggedMerge
from services.customers.domain.record import Actor
from services.customers.operations.describe_revert import DescribedRevert, describe_revert
from services.customers.operations.list_merges import MergePage, get_merge, list_merges
from services.customers.operations.revert_merge import revert_merge
from services.runtime.ids import new_id
from tests.integration.customers.company import Company

CHANGING = {"revision", "updated_at", "etag"}


def log(
    company: Company, customer_id: str = "", *, standing: bool = False, size: int = 20, token: str = ""
) -> MergePage:
    with company.transaction() as tx:
        return list_merges(tx, customer_id, standing=standing, size=size, token=token)


def entry(company: Company, merge_id: str) -> LoggedMerge:
    with company.transaction() as tx:
        return get_merge(tx, merge_id)


def described(company: Company, merge_id: str) -> DescribedRevert:
    with company.transaction() as tx:
        return describe_revert(tx, merge_id)


def test_the_log_says_who_merged_what_when_and_why_and_that_it_was_undone_and_why(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    merged = acme.merge(ann, bo, reason="the same person").merge
    assert entry(acme, merged.merge_id) == merged
    assert (merged.merged_by.subject, merged.reason, merged.undone_at) == ("ann", "the same person", None)
    acme.undo(merged.merge_id)
    after = entry(acme, merged.merge_id)
    assert after.undone_by is not None
    assert (after.undone_by.subject, after.undo_reason) == ("ann", "was wrong")
    assert after.left_undecided is False


def test_an_undo_that_leaves_it_open_says_so_in_the_log_and_to_followers(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    merge_id = acme.merge(ann, bo).merge.merge_id
    acme.write(lambda tx: revert_merge(tx, merge_id, "not sure", "bea", "Bea", left_undecided=True))
    logged = entry(acme, merge_id)
    assert (logged.undone_by, logged.undo_reason, logged.left_undecided) == (Actor("bea", "Bea"), "not sure", True)
    assert logged.undone_at is not None
    with acme.admin() as connection:
        fed = connection.execute("SELECT merge FROM feed WHERE kind = 'MERGE_UNDONE'").fetchall()
    assert [row[0] for row in fed] == 2 * [
        {
            "merge_id": merge_id,
            "target_id": ann,
            "source_ids": [bo],
            "undone_by": {"subject": "bea", "name": "Bea"},
            "undo_reason": "not sure",
            "left_undecided": True,
            "undo_time": logged.undone_at.isoformat(),
        }
    ]


def test_the_log_is_listed_page_by_page_of_all_of_one_and_of_what_stands(acme: Company) -> None:
    ann, bo, cy, dee = (acme.create(name) for name in ("Ann", "Bo", "Cy", "Dee"))
    first, second, third = acme.merge(ann, bo).merge, acme.merge(ann, cy).merge, acme.merge(dee, ann).merge
    acme.undo(second.merge_id)
    page = log(acme, size=2)
    rest = log(acme, size=2, token=page.next_page_token)
    ids = [one.merge_id for one in (*page.merges, *rest.merges)]
    assert ids == [third.merge_id, second.merge_id, first.merge_id]
    assert rest.next_page_token == ""
    assert [one.merge_id for one in log(acme, standing=True).merges] == [third.merge_id, first.merge_id]
    assert [one.merge_id for one in log(acme, ann).merges] == ids
    assert [one.merge_id for one in log(acme, bo).merges] == [first.merge_id]


def test_another_company_sees_nothing_of_it(acme: Company, other: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    merge_id = acme.merge(ann, bo).merge.merge_id
    assert log(other).merges == []
    for unknown in (merge_id, new_id(), "x"):
        with pytest.raises(MergeNotFound):
            entry(other, unknown)
        with pytest.raises(MergeNotFound):
            described(other, unknown)
    for customer in (ann, new_id(), "x"):
        with pytest.raises(CustomerNotFound):
            log(other, customer)


def test_an_undo_does_what_its_preview_showed_and_the_preview_changes_nothing(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo", email="b@x.io"), acme.create("Cy")
    merge_id = acme.merge(ann, bo, rules=[("name", "SOURCE_WINS")]).merge.merge_id
    acme.merge(ann, cy)
    acme.update(ann, organization="Acme")
    before = acme.tree(ann).root
    seen = described(acme, merge_id)
    assert acme.tree(ann).root == before
    undone = acme.undo(merge_id)
    assert seen.later_edits == undone.later_edits
    assert [(edit.customer_id, edit.field) for edit in seen.later_edits] == [(ann, "organization")]
    for stated, real in zip([seen.target, *seen.sources], [undone.target, *undone.sources], strict=True):
        shown = real.shown
        assert {name: stated[name] for name in stated.keys() - CHANGING} == {
            name: shown[name] for name in shown.keys() - CHANGING
        }
    with pytest.raises(MergeAlreadyUndone):
        described(acme, merge_id)

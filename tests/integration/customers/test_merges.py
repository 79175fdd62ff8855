"""Merges and undos: what they show, what they refuse, and that nothing is left of one that is undone."""

import itertools
import random
import uuid
from collections.abc import Callable

import pytest

from services.customers.domain.failures import (
    AlreadyMerged,
    CustomerDeleted,
    CustomerNotFound,
    MergeAlreadyUndone,
    MergeNotFound,
    PreviewStale,
    SelfMerge,
)
from services.customers.domain.forest import RULES, SOURCE_PRIORITY
from services.customers.domain.merge import Merge
from services.customers.domain.survivorship import RULES_OF, Survivorship
from services.customers.operations.apply_merge import Applied
from services.customers.operations.describe_merge import describe_merge
from services.runtime.failures import FieldsInvalid, RequestIdReused
from services.runtime.ids import new_id
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.refolding import assert_views_are_folded


def test_a_merge_shows_both_under_the_target_and_moves_nothing(acme: Company) -> None:
    ann = acme.create("Ann", email="a@x.io")
    bo = acme.create("Bo", email="b@x.io", organization="Acme", external_ids=[{"system": "crm", "external_id": "7"}])
    owns = acme.rows("SELECT own FROM customers ORDER BY customer_id")
    applied = acme.merge(ann, bo, reason="the same person")
    shown = acme.shown(ann)
    assert applied.target.shown == shown
    assert (shown["name"], shown["organization"], shown["merged_customer_ids"]) == ("Ann", "Acme", [bo])
    assert {point["value"] for point in shown["contact_points"]} == {"a@x.io", "b@x.io"}
    assert acme.rows("SELECT own FROM customers ORDER BY customer_id") == owns
    source = acme.tree(bo).rows[bo]
    assert (source.state, source.root_id, source.view["merged_into"]) == ("MERGED", ann, ann)
    assert_views_are_folded(acme)


def test_an_undo_brings_both_sides_back_to_the_letter(acme: Company) -> None:
    ann = acme.create("Ann", email="a@x.io")
    bo = acme.create("Bo", email="b@x.io", tags=["x"])
    acme.note(bo)
    before = {customer: acme.tree(customer).root for customer in (ann, bo)}
    undone = acme.undo(acme.merge(ann, bo, rules=[("name", "SOURCE_WINS")]).merge.merge_id)
    for customer, was in before.items():
        now = acme.tree(customer).root
        assert (now.view, now.own, now.etag, now.state) == (was.view, was.own, was.etag, was.state)
        assert now.revision == was.revision + 2
    assert undone.later_edits == []
    assert set(undone.digests) == {ann, bo}
    assert all(then == now for then, now in undone.digests.values())
    assert [source.customer_id for source in undone.sources] == [bo]
    assert_views_are_folded(acme)


def test_edits_after_a_merge_are_listed_and_stay_on_their_side(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo", email="b@x.io")
    merge = acme.merge(ann, bo).merge
    acme.update(bo, organization="Acme", tags=["x"])
    acme.note(bo)
    undone = acme.undo(merge.merge_id)
    assert [(edit.customer_id, edit.field) for edit in undone.later_edits] == [(ann, "organization"), (ann, "tags")]
    assert {customer for customer, (then, now) in undone.digests.items() if then != now} == {ann, bo}
    assert (acme.shown(ann)["organization"], acme.shown(bo).get("organization")) == ("Acme", None)
    assert (acme.notes(ann), acme.notes(bo)) == ([], ["called"])


def test_a_chain_is_undone_in_any_order(acme: Company) -> None:
    for order in ((0, 1), (1, 0)):
        ids = [acme.create(name) for name in ("A", "B", "C")]
        before = [acme.tree(customer).root.view for customer in ids]
        first = acme.merge(ids[1], ids[0], rules=[("name", "SOURCE_WINS")]).merge
        second = acme.merge(ids[2], ids[1], rules=[("name", "SOURCE_WINS")]).merge
        assert acme.shown(ids[0])["name"] == "A"
        merges = [first, second]
        acme.undo(merges[order[0]].merge_id)
        assert_views_are_folded(acme)
        assert acme.shown(ids[0])["name"] == "A"
        assert acme.shown(ids[2])["name"] == ("B" if order[0] == 0 else "C")
        acme.undo(merges[order[1]].merge_id)
        assert [acme.tree(customer).root.view for customer in ids] == before


def test_random_merges_edits_and_undos_leave_every_stored_view_as_it_folds(acme: Company) -> None:
    dice = random.Random(7)
    everyone = [
        acme.create(f"N{n}", email=f"e{n % 5}@x.io", tags=[f"t{n % 3}"], source=SOURCE_PRIORITY[n % 4])
        for n in range(10)
    ]
    standing: list[str] = []
    for _ in range(40):
        roots = sorted({acme.tree(customer).tree.root_id for customer in everyone})
        what = dice.choice(["merge", "merge", "undo", "edit", "note"])
        if what == "merge" and len(roots) > 3:
            target, *sources = dice.sample(roots, dice.choice([2, 3]))
            rules = [(field, dice.choice(RULES_OF[field])) for field in ("name", "email", "metadata", "phone")]
            holding = Survivorship({}, dice.choice(RULES), tuple(dice.sample(SOURCE_PRIORITY, 3)))
            standing.append(acme.merge(target, *sources, rules=rules, holding=holding).merge.merge_id)
        elif what == "undo" and standing:
            acme.undo(standing.pop(dice.randrange(len(standing))))
        elif what == "edit":
            number = dice.randrange(1000)
            acme.update(dice.choice(everyone), name=f"Edited {number}", phone=f"+1 202 555 {number:04}")
        elif what == "note":
            acme.note(dice.choice(everyone))
    assert_views_are_folded(acme)
    for merge_id in dice.sample(standing, len(standing)):
        acme.undo(merge_id)
    assert_views_are_folded(acme)
    assert {acme.tree(customer).tree.root_id for customer in everyone} == set(everyone)


def test_a_merge_that_cannot_be_says_why(acme: Company, other: Company) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    acme.merge(ann, bo)
    acme.delete(cy)
    dee = acme.create("Dee")
    for failure, target, source in (
        (SelfMerge, ann, ann),
        (AlreadyMerged, dee, bo),
        (AlreadyMerged, bo, dee),
        (AlreadyMerged, ann, bo),
        (CustomerDeleted, dee, cy),
        (CustomerDeleted, cy, dee),
        (CustomerNotFound, dee, new_id()),
        (CustomerNotFound, dee, other.create("Foreign")),
        (CustomerNotFound, "garbage", dee),
    ):
        with pytest.raises(failure):
            acme.merge(target, source)
    with pytest.raises(FieldsInvalid):
        acme.merge(ann, dee, merge_id="no uuid")
    with pytest.raises(FieldsInvalid):
        acme.merge(ann, dee, choices=[("name", cy)])
    assert acme.value("SELECT count(*) FROM merges") == 1
    assert_views_are_folded(acme)


def test_a_merge_of_what_is_not_as_it_was_seen_is_stale(acme: Company) -> None:
    ann, bo = acme.creation(name="Ann").customer, acme.creation(name="Bo").customer
    etags = {one.customer_id: one.etag for one in (ann, bo)}
    acme.update(bo.customer_id, name="Bob")
    with pytest.raises(PreviewStale) as raised:
        acme.merge(ann.customer_id, bo.customer_id, etags=etags)
    assert raised.value.metadata == {"customer_id": bo.customer_id}
    etags[bo.customer_id] = acme.tree(bo.customer_id).root.etag
    assert acme.merge(ann.customer_id, bo.customer_id, etags=etags)
    with pytest.raises(FieldsInvalid):
        acme.merge(ann.customer_id, acme.create("Cy"), etags={new_id(): "x"})


def test_a_merge_that_is_sent_again_answers_with_the_first_result(acme: Company) -> None:
    ann, bo, merge_id = acme.create("Ann"), acme.create("Bo"), str(uuid.uuid4())
    first = acme.merge(ann, bo, merge_id=merge_id)
    again = acme.merge(ann, bo, merge_id=merge_id)
    assert (again.merge, again.target) == (first.merge, first.target)
    with pytest.raises(RequestIdReused):
        acme.merge(ann, acme.create("Cy"), merge_id=merge_id)
    with pytest.raises(RequestIdReused):
        acme.merge(ann, bo, merge_id=merge_id, reason="another one")


def test_a_merge_id_of_another_company_is_free(acme: Company, other: Company) -> None:
    merge_id = acme.merge(acme.create("Ann"), acme.create("Bo")).merge.merge_id
    other.merge(other.create("Ann"), other.create("Bo"), merge_id=merge_id)
    for unknown in (new_id(), "garbage", other.merge(other.create("C"), other.create("D")).merge.merge_id):
        with pytest.raises(MergeNotFound):
            acme.undo(unknown)


def test_a_merge_is_undone_once(acme: Company) -> None:
    merge_id = acme.merge(acme.create("Ann"), acme.create("Bo")).merge.merge_id
    found = at_once(*[lambda: acme.undo(merge_id)] * 6)
    assert failures(found) == ["MergeAlreadyUndone"] * 5
    with pytest.raises(MergeAlreadyUndone):
        acme.undo(merge_id)


def test_the_same_merge_sent_many_times_at_once_is_one(acme: Company) -> None:
    ann, bo, merge_id = acme.create("Ann"), acme.create("Bo"), str(uuid.uuid4())
    found = at_once(*[lambda: acme.merge(ann, bo, merge_id=merge_id)] * 8)
    assert failures(found) == []
    assert acme.tree(ann).root.revision == 2


def test_merges_of_one_source_into_many_targets_at_once_leave_it_in_one(acme: Company) -> None:
    source = acme.create("S")
    targets = [acme.create(f"T{n}") for n in range(6)]
    found = at_once(*[lambda target=target: acme.merge(target, source) for target in targets])
    assert failures(found) == ["AlreadyMerged"] * 5
    assert_views_are_folded(acme)


def test_merges_in_a_circle_at_once_make_no_circle(acme: Company) -> None:
    ids = [acme.create(f"N{n}") for n in range(5)]
    pairs = list(zip(ids, ids[1:] + ids[:1], strict=True))
    found = at_once(*[lambda pair=pair: acme.merge(*pair) for pair in pairs])
    assert set(failures(found)) <= {"AlreadyMerged"}
    assert any(isinstance(one, Applied) for one in found)
    assert_views_are_folded(acme)


def test_notes_edits_reads_and_merges_at_once_all_come_through(acme: Company) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    works: list[Callable[[], object]] = [
        *[lambda n=n: acme.note(bo, f"note {n}") for n in range(8)],
        *[lambda n=n: acme.update(bo, organization=f"O{n}") for n in range(6)],
        *[lambda: acme.notes(bo)] * 6,
        *[lambda: acme.tree(bo)] * 6,
        lambda: acme.merge(ann, bo),
        lambda: acme.import_rows({"id": "1", "name": "New"}),
    ]
    assert failures(at_once(*works)) == []
    acme.merge(cy, ann)
    assert len(acme.notes(cy)) == 8
    assert_views_are_folded(acme)


def test_a_deleted_root_can_be_left_and_the_source_comes_back_in_use(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo", email="b@x.io")
    merge = acme.merge(ann, bo).merge
    acme.delete(ann)
    undone = acme.undo(merge.merge_id)
    assert (undone.target.state, undone.sources[0].state) == ("DELETED", "ACTIVE")
    assert acme.shown(bo)["name"] == "Bo"
    assert [row["value"] for row in acme.rows("SELECT value FROM customer_keys")] == ["b@x.io"]


def test_what_a_description_shows_is_what_the_merge_does_and_it_changes_nothing(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann", email="a@x.io"), acme.create("Bo"), acme.create("Cy", phone="+1 202 555 0100")
    merge = Merge(new_id(), ann, (bo, cy), {"name": "SOURCE_WINS"}, {"organization": cy})
    with acme.transaction() as tx:
        described = describe_merge(tx, merge)
    assert acme.tree(ann).root.revision == 1
    acme.merge(ann, bo, cy, rules=[("name", "SOURCE_WINS")], choices=[("organization", cy)])
    assert described.result is not None
    stated = {name: value for name, value in described.result.items() if name not in {"updated_at", "etag"}}
    assert stated == {name: value for name, value in acme.shown(ann).items() if name not in {"updated_at", "etag"}}


def test_an_external_id_that_a_root_gave_up_and_takes_back_stays_its_owners(acme: Company) -> None:
    ids = [{"system": "crm", "external_id": "7"}]
    ann, bo = acme.create("Ann"), acme.create("Bo", external_ids=ids)
    merge = acme.merge(ann, bo).merge
    acme.update(ann, paths=["external_ids"])
    acme.update(ann, external_ids=ids)
    assert acme.shown(ann)["external_ids"] == ids
    acme.update(ann, paths=["external_ids"])
    assert_views_are_folded(acme)
    acme.undo(merge.merge_id)
    assert acme.shown(bo)["external_ids"] == ids
    assert_views_are_folded(acme)


def test_an_undo_is_told_to_both_sides_also_where_the_target_shows_the_same(acme: Company) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    merge = acme.merge(bo, cy).merge.merge_id
    acme.merge(ann, bo)
    acme.undo(merge)
    told = acme.rows("SELECT origin_customer_id::text AS id FROM events WHERE type = 'merge_undone'")
    assert {row["id"] for row in told} == {bo, cy}
    with acme.admin() as connection:
        fed = connection.execute("SELECT payload ->> 'customer_id' FROM feed WHERE kind = 'MERGE_UNDONE'").fetchall()
    assert {row[0] for row in fed} >= {bo, cy}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_once_all_is_undone_each_digest_is_that_of_before_in_whatever_order(
    acme: Company, order: tuple[int, ...]
) -> None:
    ann, bo, cy, dee = (acme.create(name, tags=[name]) for name in ("Ann", "Bo", "Cy", "Dee"))
    acme.note(bo)
    merges = [acme.merge(*sides).merge for sides in ((ann, bo), (cy, ann), (dee, cy))]
    before = {member: merge.digests[member] for merge in reversed(merges) for member in merge.digests}
    now: dict[str, str] = {}
    for place in order:
        undone = acme.undo(merges[place].merge_id)
        now |= {member: digest for member, (_, digest) in undone.digests.items()}
    assert now == before


def test_an_undo_after_later_merges_were_undone_finds_each_digest_as_it_was(acme: Company) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    inner, outer = acme.merge(ann, bo).merge, acme.merge(cy, ann).merge
    for merge in (outer, inner):
        assert all(then == now for then, now in acme.undo(merge.merge_id).digests.values())

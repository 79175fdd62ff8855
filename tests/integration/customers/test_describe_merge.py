"""What the description of a merge says: each field's outcome, what stands against it, and when it is no longer true."""

from collections.abc import Callable

import pytest

from services.customers.domain.failures import PreviewStale
from services.customers.domain.merge import Merge, by_unit
from services.customers.domain.merge_outcome import FieldOutcome
from services.customers.operations.apply_merge import apply_merge
from services.customers.operations.describe_merge import Described, describe_merge
from services.runtime.ids import new_id
from tests.integration.customers.company import Company


def describe(company: Company, target: str, *sources: str, **asked: list[tuple[str, str]]) -> Described:
    with company.transaction() as tx:
        return describe_merge(tx, merge_of(target, *sources, **asked))


def merge_of(target: str, *sources: str, **asked: list[tuple[str, str]]) -> Merge:
    return Merge(new_id(), target, sources, by_unit(asked.get("rules", [])), by_unit(asked.get("choices", [])))


def field(described: Described, name: str) -> FieldOutcome:
    [found] = [one for one in described.fields if one.field == name]
    return found


def test_each_field_says_its_values_its_outcome_its_rule_and_whose_it_is(acme: Company) -> None:
    ann = acme.create("Ann", email="a@x.io", tags=["x"])
    bo = acme.create("Bo", email="b@x.io", organization="Acme", tags=["y"])
    described = describe(acme, ann, bo, choices=[("email", bo)])
    name, organization, email = (field(described, one) for one in ("name", "organization", "email"))
    assert (name.values, name.outcome, name.rule, name.origin) == ({ann: "Ann", bo: "Bo"}, "Ann", "TARGET_WINS", ann)
    assert (organization.values, organization.origin, organization.differs) == ({bo: "Acme"}, bo, False)
    assert (email.outcome, email.rule, email.origin, email.differs) == ("b@x.io", "CHOSEN", bo, True)
    assert (field(described, "tags").outcome, field(described, "tags").rule) == (["x", "y"], "UNION")
    assert described.blockers == []


def test_a_value_that_came_by_an_earlier_merge_names_the_member_that_it_is_from(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy", organization="Acme")
    acme.merge(bo, cy)
    assert field(describe(acme, ann, bo), "organization").origin == cy
    acme.update(bo, organization="Bolt")
    assert field(describe(acme, ann, bo), "organization").origin == bo


def test_children_of_the_whole_tree_of_a_source_are_counted_without_deleted_ones(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    for customer in (ann, bo, cy, cy):
        acme.note(customer)
    acme.merge(bo, cy)
    moves = {one.kind: one for one in describe(acme, ann, bo).moves}
    assert moves["notes"].count == 3
    assert set(moves) == {"notes", "events"}


def test_all_that_stands_against_a_merge_is_named(acme: Company) -> None:
    ann, bo, cy, dee = (acme.create(name) for name in ("Ann", "Bo", "Cy", "Dee"))
    acme.merge(ann, bo)
    acme.delete(cy)
    described = describe(acme, dee, dee, bo, cy)
    assert [(one.reason, one.customer_id) for one in described.blockers] == [
        ("SELF_MERGE", dee),
        ("ALREADY_MERGED", bo),
        ("CUSTOMER_DELETED", cy),
    ]
    assert (described.result, described.fields, described.digest) == (None, [], "")


CHANGES: dict[str, Callable[[Company, str, str, str], object]] = {
    "an edit of the target": lambda acme, ann, bo, cy: acme.update(ann, name="Anna"),
    "an edit of a source": lambda acme, ann, bo, cy: acme.update(bo, name="Bob"),
    "a merge into a source": lambda acme, ann, bo, cy: acme.merge(bo, cy),
    "a merge into the target": lambda acme, ann, bo, cy: acme.merge(ann, cy),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_described_is_refused_after_a_change(acme: Company, change: str) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    digest = describe(acme, ann, bo).digest
    CHANGES[change](acme, ann, bo, cy)
    with pytest.raises(PreviewStale):
        acme.write(lambda tx: apply_merge(tx, merge_of(ann, bo), {}, digest))


def test_what_was_described_is_refused_with_other_choices_and_done_with_the_same(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    digest = describe(acme, ann, bo, choices=[("name", bo)]).digest
    acme.note(bo)
    for other in (merge_of(ann, bo), merge_of(bo, ann, choices=[("name", bo)])):
        with acme.transaction() as tx, pytest.raises(PreviewStale) as stale:
            apply_merge(tx, other, {}, digest)
        assert all(cause in stale.value.message for cause in ("customer", "choices", "policy"))
    same = merge_of(ann, bo, choices=[("name", bo)])
    assert acme.write(lambda tx: apply_merge(tx, same, {}, digest)).target.shown["name"] == "Bo"

"""What the merge log keeps of a merge: rules, counts of children, what was shown before and after; written once."""

import psycopg
import pytest

from services.customers.convert import merge_preview
from services.customers.convert.merge_preview import snapshot_fields, snapshot_message
from services.customers.domain import merge_snapshot, moves
from services.customers.domain.merge import LoggedMerge
from services.customers.domain.merge_snapshot import Snapshot
from services.customers.domain.moves import ChildCount
from services.customers.domain.survivorship import Survivorship
from services.customers.operations.list_merges import get_merge, get_snapshot
from services.customers.store import merged_children
from tests.integration.customers.company import Company
from tests.integration.customers.refolding import assert_views_are_folded


def snapshot_of(company: Company, merge_id: str) -> Snapshot:
    with company.transaction() as tx:
        found = get_snapshot(tx, merge_id)
    assert found is not None
    return found


def logged(company: Company, merge_id: str) -> LoggedMerge:
    with company.transaction() as tx:
        return get_merge(tx, merge_id)


def test_a_snapshot_is_what_each_side_showed_before_and_the_target_after_and_stays_so(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo", organization="Acme"), acme.create("Cy")
    acme.merge(bo, cy)
    before = [acme.tree(customer).root.shown for customer in (ann, bo)]
    applied = acme.merge(ann, bo)
    acme.update(ann, name="Anna")
    acme.undo(applied.merge.merge_id)
    found = snapshot_of(acme, applied.merge.merge_id)
    assert (list(found.before), found.after, list(found.left_out)) == (before, applied.target.shown, [])


def test_each_field_of_a_merge_that_was_made_says_its_rule_and_whose_it_was(acme: Company) -> None:
    ann = acme.create("Ann", email="a@x.io", source="CHAT", tags=["x"])
    bo = acme.create("Bo", email="b@x.io", source="MANUAL", organization="Acme")
    cy = acme.create("Cy", email="c@x.io", source="API", birth_date="1980-01-01")
    acme.merge(bo, cy)
    holding = Survivorship({"name": "SOURCE_PRIORITY"}, "MOST_RECENT")
    merge_id = acme.merge(
        ann, bo, rules=[("email", "SOURCE_WINS")], choices=[("birth_date", cy)], holding=holding
    ).merge
    found, entry = snapshot_of(acme, merge_id.merge_id), logged(acme, merge_id.merge_id)
    fields = {one.field: one for one in snapshot_fields(entry, found)}
    told = {name: (fields[name].rule, fields[name].origin_customer_id) for name in fields}
    number = fields["name"].DESCRIPTOR.fields_by_name["rule"].enum_type.values_by_name  # type: ignore[union-attr]
    rule = {one.name.removeprefix("OUTCOME_RULE_"): one.number for one in number.values()}
    assert told["name"] == (rule["SOURCE_PRIORITY"], bo)
    assert told["email"] == (rule["SOURCE_WINS"], bo)
    assert told["birth_date"] == (rule["CHOSEN"], cy)
    assert told["organization"] == (rule["MOST_RECENT"], bo)
    assert told["tags"] == (rule["UNION"], "")
    assert (entry.rules["name"], entry.rules["email"], entry.choices) == (
        "SOURCE_PRIORITY",
        "SOURCE_WINS",
        {"birth_date": cy},
    )
    assert_views_are_folded(acme)


def test_children_of_the_sources_are_counted_in_the_log_with_those_of_their_trees(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    for customer in (ann, bo, cy, cy):
        acme.note(customer)
    acme.merge(bo, cy)
    applied = acme.merge(ann, bo).merge
    counts = {one.kind: one for one in applied.moves}
    assert counts["notes"] == ChildCount("notes", 3)
    assert set(counts) == {"notes", "events"}
    assert logged(acme, applied.merge_id) == applied


def test_of_very_many_children_no_more_than_so_many_are_counted(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (moves, merged_children):
        monkeypatch.setattr(module, "MOST_COUNTED", 2)
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    for customer in (bo, bo, bo, cy):
        acme.note(customer)
    [notes] = [one for one in acme.merge(ann, bo, cy).merge.moves if one.kind == "notes"]
    assert notes == ChildCount("notes", 3, at_least=True)


def test_records_that_are_too_much_for_a_snapshot_are_left_out_by_name(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge_snapshot, "LARGEST_SNAPSHOT", 12_000)
    ann, bo, cy = acme.create("Ann"), acme.create("Bo", metadata={"a": "x" * 12_000}), acme.create("Cy")
    merge_id = acme.merge(ann, bo, cy, choices=[("metadata", ann)]).merge.merge_id
    found = snapshot_of(acme, merge_id)
    assert [one["customer_id"] for one in found.before] == [ann, cy]
    assert list(found.left_out) == [bo]


def test_a_snapshot_that_is_too_much_for_a_message_is_read_by_customers(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge_preview, "MOST_OF_CUSTOMERS", 70_000)
    monkeypatch.setattr(merge_preview, "MOST_OF_FIELDS", 50_000)
    ids = [acme.create(f"N{number}", metadata={"text": "x" * 10_000}) for number in range(9)]
    merge_id = acme.merge(*ids).merge.merge_id
    found = snapshot_of(acme, merge_id)
    message = snapshot_message("acme", found, ())
    missing = list(message.left_out_customer_ids)
    assert (len(message.before), missing) == (5, ids[5:])
    again = snapshot_message("acme", found, missing)
    assert [one.customer_id for one in again.before] == missing
    assert not again.HasField("after")
    fields = {one.field for one in snapshot_fields(logged(acme, merge_id), found)}
    assert "name" in fields
    assert "metadata" not in fields


def test_a_snapshot_is_of_its_company_alone_and_nobody_changes_it(acme: Company, other: Company) -> None:
    merge_id = acme.merge(acme.create("Ann"), acme.create("Bo")).merge.merge_id
    with other.transaction() as tx:
        assert get_snapshot(tx, merge_id) is None
    for change in ("UPDATE merge_snapshots SET content = '{}'", "DELETE FROM merge_snapshots"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acme.transaction() as tx:
            tx.execute(change)
    with acme.owner() as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("UPDATE merge_snapshots SET content = '{}'")


def test_the_audit_log_has_the_digest_of_a_snapshot_and_nothing_of_the_person(acme: Company) -> None:
    ann = acme.create("Ann", email="secret@x.io")
    merge_id = acme.merge(ann, acme.create("Bo")).merge.merge_id
    [entry] = acme.rows("SELECT * FROM audit_log WHERE table_name = 'merge_snapshots'")
    assert (entry["record_id"], entry["customer_id"], entry["actor"]) == (merge_id, ann, "ann")
    assert "secret" not in str(entry)
    digest = acme.value("SELECT encode(sha256(convert_to(content::text, 'UTF8')), 'hex') FROM merge_snapshots")
    assert entry["new_values"]["digest"] == digest

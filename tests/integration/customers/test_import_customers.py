"""Imports: an outcome for each row, the same rows again, rows of merged and of deleted customers."""

import time
from collections import Counter
from typing import Any

import pytest

from services.customers.domain.failures import DuplicateHit
from services.customers.operations import import_customers as operation
from services.customers.operations.import_customers import MOST_ROWS, Outcome
from services.customers.operations.writing import Writes
from services.customers.store.rows import StoredCustomer
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid
from services.runtime.freshness import ChangeToken
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.refolding import assert_views_are_folded

ANN: dict[str, Any] = {"id": "1", "name": "Ann Lee", "email": "ann@x.io", "phone": "+1 202 555 0100", "tags": ["a"]}
BO: dict[str, Any] = {"id": "2", "name": "Bo Young", "email": "bo@x.io"}


def results(outcomes: list[Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def emails(shown: dict[str, Any]) -> list[str]:
    return sorted(point["value"] for point in shown.get("contact_points", []) if point["kind"] == "EMAIL")


def test_every_row_has_an_outcome_in_its_place(acme: Company) -> None:
    acme.create("Cy", email="cy@x.io")
    rows: list[dict[str, Any]] = [
        ANN,
        {"name": ""},
        BO,
        {"name": "Cyrus", "email": "cy@x.io"},
        {"id": "9", "email": "no address"},
    ]
    outcomes = acme.import_rows(*rows, on_duplicate="REJECT")
    assert results(outcomes) == ["CREATED", "INVALID", "CREATED", "DUPLICATE", "INVALID"]
    assert [outcome.number for outcome in outcomes] == [1, 2, 3, 4, 5]
    assert [bool(outcome.customer_id) for outcome in outcomes] == [True, False, True, False, False]
    assert [item.field for item in outcomes[4].problems] == ["customer.email"]
    assert acme.value("SELECT count(*) FROM customers") == 3


def test_the_same_rows_again_change_nothing(acme: Company) -> None:
    first = acme.import_rows(ANN, BO)
    before = acme.rows("SELECT customer_id, revision, own FROM customers ORDER BY customer_id")
    again = acme.import_rows(BO, ANN)
    assert results(again) == ["UNCHANGED"] * 2
    assert [outcome.customer_id for outcome in reversed(again)] == [outcome.customer_id for outcome in first]
    assert acme.rows("SELECT customer_id, revision, own FROM customers ORDER BY customer_id") == before
    assert acme.value("SELECT count(*) FROM events") == 2


def test_a_row_that_changed_updates_its_customer(acme: Company) -> None:
    [first] = acme.import_rows(ANN)
    [again] = acme.import_rows({**ANN, "email": "new@x.io", "organization": "Acme"})
    assert (again.result, again.customer_id) == ("UPDATED", first.customer_id)
    shown = acme.shown(first.customer_id)
    assert (emails(shown), shown["organization"], shown["revision"]) == (["new@x.io"], "Acme", 2)
    keys = acme.rows("SELECT value FROM customer_keys WHERE kind = 'EMAIL'")
    assert [row["value"] for row in keys] == ["new@x.io"]


def test_an_id_belongs_to_its_source(acme: Company) -> None:
    acme.import_rows(ANN, source="crm")
    assert results(acme.import_rows(ANN, source="shop")) == ["CREATED"]


def test_an_id_that_comes_twice_in_one_batch_is_one_customer_and_the_last_row_wins(acme: Company) -> None:
    outcomes = acme.import_rows(ANN, {**ANN, "name": "Anne"}, BO, {**ANN, "name": "Annie"}, {**ANN, "name": "Annie"})
    assert results(outcomes) == ["CREATED", "UPDATED", "CREATED", "UPDATED", "UNCHANGED"]
    assert len({outcome.customer_id for outcome in outcomes}) == 2
    assert acme.shown(outcomes[0].customer_id)["name"] == "Annie"


def test_a_row_without_an_id_is_always_new(acme: Company) -> None:
    row = {"name": "Ann", "email": "ann@x.io"}
    assert results([*acme.import_rows(row, row), *acme.import_rows(row)]) == ["CREATED"] * 3


def test_rows_of_one_batch_with_the_same_e_mail_find_each_other(acme: Company) -> None:
    same = [{"id": str(place), "name": f"N{place}", "email": "info@x.io"} for place in range(4)]
    rejected = acme.import_rows(*same, on_duplicate="REJECT")
    assert results(rejected) == ["CREATED", "DUPLICATE", "DUPLICATE", "DUPLICATE"]
    first = DuplicateHit(rejected[0].customer_id, "EMAIL")
    assert [list(outcome.duplicates) for outcome in rejected[1:]] == [[first]] * 3
    existing = acme.import_rows(*same[1:], on_duplicate="RETURN_EXISTING")
    assert results(existing) == ["EXISTING"] * 3
    assert {outcome.customer_id for outcome in existing} == {rejected[0].customer_id}
    allowed = acme.import_rows(*same[1:], on_duplicate="ALLOW")
    assert results(allowed) == ["CREATED"] * 3
    assert [len(outcome.duplicates) for outcome in allowed] == [1, 2, 3]


def test_a_row_finds_the_e_mail_that_a_row_before_it_gave_to_a_known_customer(acme: Company) -> None:
    acme.import_rows(ANN, BO)
    outcomes = acme.import_rows(
        {**ANN, "email": "new@x.io"},
        {"id": "3", "name": "New", "email": "new@x.io"},
        {"id": "4", "name": "Old", "email": "ann@x.io"},
        on_duplicate="REJECT",
    )
    assert results(outcomes) == ["UPDATED", "DUPLICATE", "CREATED"]


def test_a_whole_batch_of_one_switchboard_takes_no_longer_than_any_other(acme: Company) -> None:
    rows = [{"id": str(n), "name": f"N{n}", "phone": "+1 202 555 0100"} for n in range(MOST_ROWS)]
    began = time.monotonic()
    counts = Counter(results(acme.import_rows(*rows, on_duplicate="REJECT")))
    assert counts == {"CREATED": 1, "DUPLICATE": MOST_ROWS - 1}
    assert time.monotonic() - began < 60


def test_an_external_id_of_another_customer_makes_a_row_invalid(acme: Company) -> None:
    acme.create("Cy", external_ids=[{"system": "shop", "external_id": "7"}])
    [outcome] = acme.import_rows({**ANN, "external_ids": [{"system": "shop", "external_id": "7"}]})
    assert (outcome.result, [item.field for item in outcome.problems]) == ("INVALID", ["customer.external_ids"])


def test_an_impossible_date_is_kept_as_text_with_a_warning(acme: Company) -> None:
    [outcome] = acme.import_rows({**ANN, "birth_date_text": "1990-02-31"})
    assert outcome.result == "CREATED"
    assert [item.field for item in outcome.warnings] == ["customer.birth_date"]
    assert acme.shown(outcome.customer_id)["birth_date_text"] == "1990-02-31"


def test_the_row_of_a_merged_customer_changes_its_own_record_and_the_root_follows_the_rules(acme: Company) -> None:
    ann, bo = (outcome.customer_id for outcome in acme.import_rows(ANN, BO))
    merge = acme.merge(ann, bo, rules=[("organization", "SOURCE_WINS")]).merge
    [outcome] = acme.import_rows({**BO, "name": "Bob", "organization": "Bolt"})
    assert (outcome.result, outcome.customer_id) == ("UPDATED", bo)
    shown = acme.shown(ann)
    assert (shown["name"], shown["organization"]) == ("Ann Lee", "Bolt")
    assert_views_are_folded(acme)
    undone = acme.undo(merge.merge_id)
    assert [(edit.customer_id, edit.field) for edit in undone.later_edits] == [(bo, "name"), (bo, "organization")]
    assert (acme.shown(bo)["name"], acme.shown(ann).get("organization")) == ("Bob", None)


def test_the_row_of_a_merged_customer_is_told_of_it_and_of_all_above_it(acme: Company) -> None:
    acme.import_rows(BO)
    [bo] = [row["customer_id"] for row in acme.rows("SELECT customer_id::text FROM customers")]
    middle, root = acme.create("Cy"), acme.create("Dee")
    acme.merge(middle, bo)
    acme.merge(root, middle)
    acme.import_rows({**BO, "organization": "Acme"})
    fed = "SELECT payload ->> 'customer_id', array_agg(revision ORDER BY revision) FROM feed GROUP BY 1"
    with acme.admin() as admin:
        assert dict(admin.execute(fed).fetchall()) == {bo: [1, 2, 3, 4], middle: [1, 2, 3, 4], root: [1, 2, 3]}


def test_rows_of_several_customers_of_one_tree_at_once_leave_each_told_and_folded(acme: Company) -> None:
    cy = {"id": "3", "name": "Cy Rose", "email": "cy@x.io"}
    ann, bo, third = (outcome.customer_id for outcome in acme.import_rows(ANN, BO, cy))
    acme.merge(bo, third)
    acme.merge(ann, bo)
    rows = ({**ANN, "name": "Anna Lee"}, {**BO, "organization": "Acme"}, {**cy, "phone": "+1 202 555 0111"})
    assert results(acme.import_rows(*rows)) == ["UPDATED"] * 3
    assert_views_are_folded(acme)
    fed = """SELECT c.revision, (SELECT array_agg(f.revision ORDER BY f.revision) FROM feed f
                                  WHERE f.payload ->> 'customer_id' = c.customer_id::text) FROM customers c"""
    with acme.admin() as admin:
        for revision, told in admin.execute(fed).fetchall():
            assert told == list(range(1, revision + 1))


def test_the_row_of_a_root_that_others_were_merged_into_takes_nothing_of_theirs_away(acme: Company) -> None:
    ann, bo = (outcome.customer_id for outcome in acme.import_rows(ANN, BO))
    acme.merge(ann, bo, rules=[("name", "SOURCE_WINS")])
    assert results(acme.import_rows(ANN, BO)) == ["UNCHANGED"] * 2
    assert results(acme.import_rows({**ANN, "email": "new@x.io"})) == ["UPDATED"]
    assert emails(acme.shown(ann)) == ["bo@x.io", "new@x.io"]
    assert acme.shown(ann)["name"] == "Bo Young"
    assert_views_are_folded(acme)


def test_the_row_of_a_member_in_the_middle_or_at_the_end_of_a_chain_reaches_every_view_above_it(acme: Company) -> None:
    rows = [{"id": str(n), "name": f"N{n}"} for n in range(3)]
    first, second, third = (outcome.customer_id for outcome in acme.import_rows(*rows))
    acme.merge(second, first)
    acme.merge(third, second)
    acme.import_rows({**rows[0], "organization": "Acme"})
    assert acme.shown(third)["organization"] == "Acme"
    assert_views_are_folded(acme)


def test_the_row_of_a_deleted_customer_changes_nothing_and_says_so(acme: Company) -> None:
    [outcome] = acme.import_rows(ANN)
    acme.delete(outcome.customer_id)
    [again] = acme.import_rows({**ANN, "name": "New"})
    assert (again.result, [item.field for item in again.warnings]) == ("UNCHANGED", ["customer"])


def test_two_files_of_one_source_at_once_make_each_customer_once(acme: Company) -> None:
    rows = [{"id": str(n), "name": f"N{n}", "email": f"e{n % 7}@x.io"} for n in range(60)]
    found = at_once(*[lambda part=part: acme.import_rows(*part) for part in (rows, rows[::-1], rows[20:], rows[:40])])
    assert failures(found) == []
    assert acme.value("SELECT count(*) FROM customers") == 60


def test_an_import_and_calls_at_the_same_time_never_let_a_duplicate_through(acme: Company) -> None:
    rows = [{"id": str(n), "name": f"N{n}", "email": f"e{n}@x.io"} for n in range(100)]
    creates = [lambda n=n: acme.creation("REJECT", name=f"C{n}", email=f"e{n}@x.io").customer for n in range(10)]
    found = at_once(lambda: acme.import_rows(*rows, on_duplicate="REJECT"), *creates)
    [outcomes] = [one for one in found if isinstance(one, list)]
    created = sum(isinstance(one, StoredCustomer) for one in found)
    assert Counter(results(outcomes)) == Counter({"CREATED": 100 - created, "DUPLICATE": created})
    assert acme.value("SELECT count(*) - count(DISTINCT value) FROM customer_keys") == 0


def test_a_batch_has_at_least_one_row_and_at_most_the_most(acme: Company) -> None:
    for count in (0, MOST_ROWS + 1):
        with pytest.raises(FieldsInvalid):
            acme.import_rows(*[{"name": "N"}] * count)


def test_a_batch_that_holds_much_is_written_in_parts_and_ends_as_one(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction says something to the database between two parts, and no statement writes very much."""
    [known] = acme.import_rows(BO)
    written, store = list[int](), Writes.store

    def watched(writes: Writes, tx: Transaction) -> ChangeToken:
        written.append(len(writes.rows))
        return store(writes, tx)

    monkeypatch.setattr(operation, "MOST_ITEMS", 10)
    monkeypatch.setattr(Writes, "store", watched)
    rows = [
        {"id": f"p{row}", "name": f"P {row}", "identifiers": [f"{row}-{item}" for item in range(3)]} for row in range(5)
    ]
    outcomes = acme.import_rows(
        ANN, *rows, {**ANN, "name": "Anne"}, {**BO, "name": "Bob"}, {"name": "Other", "email": "ann@x.io"}
    )
    assert results(outcomes) == ["CREATED"] * 6 + ["UPDATED"] * 2 + ["CREATED"]
    assert (outcomes[6].customer_id, outcomes[7].customer_id) == (outcomes[0].customer_id, known.customer_id)
    assert [hit.customer_id for hit in outcomes[8].duplicates] == [outcomes[0].customer_id]
    assert written == [2, 2, 2, 3]
    assert_views_are_folded(acme)

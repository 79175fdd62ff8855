"""Many conversations at once find their customers as each would by itself, and what is not plain is left to that."""

import pytest

from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import (
    CREATED,
    FOUND_EXISTING,
    REVIEW,
    SKIPPED,
    UPDATED,
    Resolution,
)
from services.matching.operations.resolution_case import Resolved
from services.matching.operations.resolve_conversations import resolve_conversations
from services.runtime.database import TenantScope
from services.runtime.ids import new_id
from tests.integration.matching.people import ANN, BOB, Company
from tests.integration.matching.talking import GIVEN, Talk


def many(talk: Talk, *conversations: Conversation, dry_run: bool = False, run_id: str = "") -> list[Resolved | None]:
    scope = TenantScope(talk.company.company_id, actor="ann")
    return resolve_conversations(talk.resolving, talk.desk, scope, conversations, dry_run=dry_run, run_id=run_id)


def what(talk: Talk, resolution: Resolution) -> tuple[object, ...]:
    """What is the same however it was resolved: ids and times of what is made are not."""
    customer = talk.desk.customers.get(resolution.customer_id)
    return (
        resolution.outcome, resolution.matched_by, resolution.explanation, resolution.confidence, resolution.weight,
        resolution.revision, resolution.digest, resolution.resolved_by, resolution.model_version,
        resolution.needs_review, bool(resolution.review_item_id), len(resolution.candidates),
        customer and customer.name, bool(resolution.created_id), bool(resolution.linked_id),
    )  # fmt: skip


def scene(talk: Talk) -> list[Conversation]:
    """One plain conversation of each sort, then those that are not."""
    talk.known_customer(1, **ANN)
    talk.known_customer(2, name="Cy", email="cy@x.io")
    talk.known_customer(3, name="Dee", email="dee@x.io", phone="+1 415 555 0100")
    talk.desk.add(4, name="Eve", email="eve@x.io")  # the mirror has yet to learn of her
    record = talk.desk.record
    return [
        record(1, **GIVEN), record(2, name="New", email="new@x.io"), record(3, email="nobody@x.io"), record(4),
        record(5, name="Eve", email="eve@x.io"), record(6, name="New", email="new@x.io"),
        record(7, name="Cy", email="cy@x.io", phone="+1 415 555 0101"), record(8, name="Only a Name"),
        record(9, name="Dee", email="cy@x.io", phone="+1 415 555 0100"), record(10, name="No Key", address="1 Elm St"),
        record(11, name="Else", phone="+1 415 555 0100"), record(12, name="Twice"), record(13, name="twice"),
    ]  # fmt: skip


DONE = [
    FOUND_EXISTING, CREATED, SKIPPED, SKIPPED, FOUND_EXISTING, FOUND_EXISTING, UPDATED, CREATED, REVIEW, CREATED,
    REVIEW, None, None,
]  # fmt: skip


def test_the_plain_ones_come_out_as_each_by_itself_and_the_others_are_left(talk: Talk, other_company: Company) -> None:
    told, run_id = scene(talk), new_id()
    done = many(talk, *told, run_id=run_id)
    assert [one.resolution.outcome if one else None for one in done] == DONE
    assert talk.desk.calls.count("link_all") == 2, "one call creates and one links"
    alone = Talk(other_company)
    for together, one in zip(done, scene(alone), strict=True):
        by_itself = alone.sync(one).resolution
        if together is not None:
            assert what(talk, together.resolution) == what(alone, by_itself)
    for together, one in zip(done, told, strict=True):
        known = talk.known(one).resolution if together else None
        if together is not None:
            assert known == together.resolution
            assert together.resolution.run_id == run_id
            assert talk.linked_to(one) == together.resolution.linked_id
        else:
            assert (talk.linked_to(one), known) == ("", None)


def test_a_link_that_was_made_with_many_is_one_that_was_made_here(talk: Talk) -> None:
    told, *_ = scene(talk)
    bob = talk.known_customer(8, **BOB)
    many(talk, told)
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    assert (talk.sync(told).resolution.moved_from != "", talk.linked_to(told)) == (True, bob)


def test_many_are_tried_without_anything_being_written(talk: Talk) -> None:
    tried = many(talk, *scene(talk), dry_run=True)
    # Nobody is made in a dry run, so two of one new person are both new.
    expected = [*DONE[:4], CREATED, CREATED, *DONE[6:]]
    assert [one.resolution.outcome if one else None for one in tried] == expected
    assert not {"create", "link", "link_all", "fill"} & set(talk.desk.calls)
    assert talk.company.value("SELECT count(*) FROM conversation_resolutions") == 0


def test_a_customer_that_many_fill_at_once_has_all_that_was_given(talk: Talk) -> None:
    cy = talk.known_customer(1, name="Cy", email="cy@x.io")
    phones = ["+1 415 555 0101", "+1 415 555 0102"]
    told = [talk.desk.record(number, email="cy@x.io", phone=phone) for number, phone in enumerate(phones, 1)]
    first, second = many(talk, *told)
    assert (first and first.resolution.filled, second) == (("phone",), None), "it changed since it was read"
    assert talk.sync(told[1]).resolution.added == ("PHONE",)
    assert {point.value for point in talk.desk.customers[cy].contact_points} == {"cy@x.io", *phones}


def test_a_phone_that_is_another_ones_is_left_to_be_asked_about(talk: Talk) -> None:
    talk.known_customer(1, name="Cy", email="cy@x.io")
    talk.desk.add(2, name="Dee", phone="+1 415 555 0100")  # the mirror has yet to learn of her
    told = talk.desk.record(1, email="cy@x.io", phone="+1 415 555 0100")
    assert (many(talk, told), talk.linked_to(told)) == ([None], "")
    assert talk.sync(told).resolution.outcome == REVIEW


def test_two_new_people_of_one_phone_are_not_made_one(talk: Talk) -> None:
    phone = "+1 212 555 0147"
    ann, bob = talk.desk.record(1, **GIVEN, phone=phone), talk.desk.record(2, **BOB | {"phone": phone})
    first, second = many(talk, ann, bob)
    assert (first and first.resolution.outcome, talk.linked_to(bob)) == (CREATED, "")
    assert second
    by_itself, made = talk.sync(bob).resolution, talk.linked_to(ann)
    for asked in (second.resolution, by_itself):
        assert (asked.outcome, asked.matched_by, asked.candidates) == (REVIEW, "PHONE", (made,))
    assert {point.value for point in talk.desk.customers[made].contact_points} == {ANN["email"], phone}
    anne = talk.desk.record(3, name="Anne Lee", phone=phone)
    [namesake] = many(talk, anne)
    assert (namesake and namesake.resolution.outcome, talk.linked_to(anne)) == (FOUND_EXISTING, made)


def test_one_that_changes_meanwhile_is_left_to_be_looked_at_anew(talk: Talk) -> None:
    told, new, *_ = scene(talk)
    for number in (1, 2):
        talk.desk.record(number, address="12 Oak Street")
    assert many(talk, told, new) == [None, None]
    assert talk.sync(new).resolution.outcome == CREATED


def test_what_two_are_at_is_left_to_whoever_comes_late(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    told, *_ = scene(talk)
    link_all = talk.desk.link_all

    def meanwhile(*args: object) -> object:
        monkeypatch.setattr(talk.desk, "link_all", link_all)
        assert talk.sync(told).resolution.outcome == FOUND_EXISTING
        return link_all(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(talk.desk, "link_all", meanwhile)
    assert many(talk, told) == [None]
    assert (talk.sync(told).resolution.outcome, talk.open_items()) == (FOUND_EXISTING, 0)


def test_what_was_resolved_before_is_left_as_it_stands(talk: Talk) -> None:
    ann, twin = talk.known_customer(1, **ANN), talk.known_customer(2, **ANN)
    told, waits = talk.desk.record(1, **GIVEN), talk.desk.record(2, name="Bo", email="b@x.io")
    assert talk.sync(told).resolution.outcome == REVIEW
    talk.feed(waits)
    item = talk.item(told)
    [asked, done] = many(talk, told, waits)
    assert [one and one.resolution.outcome for one in (asked, done)] == [REVIEW, CREATED]
    assert (talk.item(told), talk.waiting(), talk.open_items()) == (item, [], 1)
    talk.desk.by_hand(waits, "")
    assert many(talk, talk.desk.conversations[waits.conversation_id]) == [None], "a person has taken it away"
    assert {ann, twin} < talk.desk.customers.keys()


def test_none_is_asked_of_nobody(talk: Talk) -> None:
    assert many(talk) == []
    assert talk.desk.calls == []


def test_nobody_is_asked_about_one_of_many_that_was_deleted_meanwhile(talk: Talk) -> None:
    told, there = talk.desk.record(1, name="Only a Name"), talk.desk.record(2, name="Another Name")
    talk.set_policy(name_only="REVIEW")
    del talk.desk.conversations[told.conversation_id]
    many(talk, told, there)
    assert (talk.outcome(there), talk.open_items()) == (REVIEW, 1)
    assert talk.company.value("SELECT count(*) FROM conversation_resolutions") == 1

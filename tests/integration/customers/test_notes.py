"""Notes: written, changed, deleted and listed over the wire, and kept by the customer that they were written for."""

import uuid
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_pb2, customer_service_pb2
from patronage.customers.v1 import note_service_pb2 as pb
from services.customers.operations.create_note import create_system_note
from services.runtime.ids import new_id
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.served import Client, Served

EVENTS = "SELECT type, data FROM events WHERE type LIKE 'note%%' ORDER BY event_id"


def write(client: Client, customer_id: str, content: str = "called", **fields: Any) -> pb.Note:
    note = pb.Note(content=content, **fields)
    written: pb.Note = client.CreateNote(pb.CreateNoteRequest(customer_id=customer_id, note=note)).note
    return written


def contents(client: Client, customer_id: str, **question: Any) -> list[str]:
    answer = client.ListNotes(pb.ListNotesRequest(customer_id=customer_id, **question))
    return [note.content for note in answer.notes]


def test_a_note_has_its_author_from_the_token_and_its_defaults(acme: Company, served: Served) -> None:
    client, ann = served.client(subject="bo", name="Bo"), acme.create("Ann")
    note = write(client, ann, "Prefers التسليم مساءً 🌙")
    assert (note.author.subject, note.author.name) == ("bo", "Bo")
    assert (note.type, note.visibility) == (pb.NOTE_TYPE_GENERAL, pb.NOTE_VISIBILITY_INTERNAL)
    assert (note.content, note.origin_customer_id) == ("Prefers التسليم مساءً 🌙", ann)
    assert not note.HasField("update_time")
    assert client.GetNote(pb.GetNoteRequest(note_id=note.note_id)).note == note


@pytest.mark.parametrize("kind", [value for value in pb.NoteType.values() if value])
def test_a_note_may_be_of_seven_types(acme: Company, served: Served, kind: pb.NoteType.ValueType) -> None:
    assert write(served.client(), acme.create("Ann"), type=kind).type == kind
    assert len(pb.NoteType.values()) == 8


def test_a_note_has_1_to_2000_characters_and_each_wrong_field_is_named(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    assert len(write(client, ann, "😀" * 2000).content) == 2000
    for content in ("", " \n", "x" * 2001, "a\0b"):
        request = pb.CreateNoteRequest(note=pb.Note(content=content, type=99, visibility=99))  # type: ignore[arg-type]
        refused = client.refused("CreateNote", request)
        assert refused.fields == ["customer_id", "note.type", "note.visibility", "note.content"]


def test_notes_come_newest_first_by_type_and_visibility_and_pages_join(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    types = [pb.NOTE_TYPE_ISSUE, pb.NOTE_TYPE_REQUEST, pb.NOTE_TYPE_GENERAL]
    for number in range(9):
        shown = pb.NOTE_VISIBILITY_SHARED if number % 2 else pb.NOTE_VISIBILITY_INTERNAL
        write(client, ann, f"n{number}", type=types[number % 3], visibility=shown)
    everything = [f"n{number}" for number in reversed(range(9))]
    assert contents(client, ann) == everything
    assert contents(client, ann, types=types[:1]) == ["n6", "n3", "n0"]
    assert contents(client, ann, types=types[:2], visibilities=[pb.NOTE_VISIBILITY_SHARED]) == ["n7", "n3", "n1"]
    found, token = [], ""
    for _ in range(3):
        page = client.ListNotes(pb.ListNotesRequest(customer_id=ann, page_size=4, page_token=token))
        found += [note.content for note in page.notes]
        token = page.next_page_token
        assert (page.total_size, page.total_size_estimated) == (9, False)
    assert (found, token) == (everything, "")


def test_a_page_token_of_another_question_is_refused(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    for _ in range(3):
        write(client, ann)
    token = client.ListNotes(pb.ListNotesRequest(customer_id=ann, page_size=1)).next_page_token
    other = pb.ListNotesRequest(customer_id=ann, page_token=token, types=[pb.NOTE_TYPE_ISSUE])
    assert client.refused("ListNotes", other).reason == "PAGE_TOKEN_MISMATCH"
    unknown = pb.ListNotesRequest(customer_id=ann, types=[77])  # type: ignore[list-item]
    assert client.refused("ListNotes", unknown).fields == ["types"]
    assert client.refused("ListNotes", pb.ListNotesRequest(page_size=-1)).fields == ["customer_id", "page_size"]


def test_an_update_changes_what_it_names_and_says_who(acme: Company, served: Served) -> None:
    ann = acme.create("Ann")
    note = write(served.client(), ann, type=pb.NOTE_TYPE_ISSUE)
    client = served.client(subject="bo", name="Bo")
    request = pb.UpdateNoteRequest(note_id=note.note_id, note=pb.Note(content="came back", etag=note.etag))
    changed = client.UpdateNote(request).note
    assert (changed.content, changed.type) == ("came back", pb.NOTE_TYPE_ISSUE)
    assert (changed.author.subject, changed.updated_by.subject) == ("ann", "bo")
    assert changed.etag != note.etag
    assert client.refused("UpdateNote", request).reason == "ETAG_MISMATCH"
    request.note.etag = ""
    assert client.UpdateNote(request).note == changed
    request.update_mask.paths.append("type")
    assert client.UpdateNote(request).note.type == pb.NOTE_TYPE_GENERAL


def test_an_update_names_every_wrong_field(acme: Company, served: Served) -> None:
    client, note = served.client(), write(served.client(), acme.create("Ann"))
    request = pb.UpdateNoteRequest(note_id=note.note_id, note=pb.Note(content="x" * 2001, type=99))  # type: ignore[arg-type]
    assert client.refused("UpdateNote", request).fields == ["note.type", "note.content"]
    request = pb.UpdateNoteRequest(note_id=note.note_id, note=pb.Note(content="x"))
    request.update_mask.paths.extend(["author", "created_at"])
    assert client.refused("UpdateNote", request).fields == ["update_mask", "update_mask"]
    assert client.refused("UpdateNote", pb.UpdateNoteRequest(note=pb.Note(content="x"))).fields == ["note_id"]


def test_a_deleted_note_is_hidden_and_stays_in_the_history(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    note = write(client, ann)
    client.DeleteNote(pb.DeleteNoteRequest(note_id=note.note_id, etag=note.etag))
    client.DeleteNote(pb.DeleteNoteRequest(note_id=note.note_id))
    assert contents(client, ann) == []
    assert client.ListNotes(pb.ListNotesRequest(customer_id=ann)).total_size == 0
    for method, request in (
        ("GetNote", pb.GetNoteRequest(note_id=note.note_id)),
        ("UpdateNote", pb.UpdateNoteRequest(note_id=note.note_id, note=pb.Note(content="x"))),
    ):
        refused = client.refused(method, request)
        assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "NOTE_NOT_FOUND")
    assert [row["type"] for row in acme.rows(EVENTS)] == ["note_added", "note_deleted"]
    audited = acme.rows("SELECT action, old_values FROM audit_log WHERE table_name = 'notes' ORDER BY audit_id")
    assert [row["action"] for row in audited] == ["INSERT", "UPDATE"]
    assert audited[1]["old_values"]["content"] == "called"


def test_notes_of_another_company_are_unknown(acme: Company, served: Served) -> None:
    note = write(served.client(), acme.create("Ann"))
    stranger = served.client("other")
    for method, request in (
        ("GetNote", pb.GetNoteRequest(note_id=note.note_id)),
        ("UpdateNote", pb.UpdateNoteRequest(note_id=note.note_id, note=pb.Note(content="x"))),
        ("DeleteNote", pb.DeleteNoteRequest(note_id=note.note_id)),
    ):
        assert stranger.refused(method, request).reason == "NOTE_NOT_FOUND"
    for unknown in (new_id(), "garbage"):
        assert served.client().refused("GetNote", pb.GetNoteRequest(note_id=unknown)).reason == "NOTE_NOT_FOUND"


def test_a_note_that_is_sent_twice_is_written_once(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    request = pb.CreateNoteRequest(customer_id=ann, note=pb.Note(content="once"), request_id=str(uuid.uuid4()))
    assert client.CreateNote(request) == client.CreateNote(request)
    assert contents(client, ann) == ["once"]
    request.note.content = "twice"
    assert client.refused("CreateNote", request).reason == "REQUEST_ID_REUSED"


def test_of_updates_with_one_etag_at_once_one_wins(acme: Company, served: Served) -> None:
    client, note = served.client(), write(served.client(), acme.create("Ann"))

    def change(number: int) -> pb.Note:
        given = pb.Note(content=f"version {number}", etag=note.etag)
        changed: pb.Note = client.UpdateNote(pb.UpdateNoteRequest(note_id=note.note_id, note=given)).note
        return changed

    found = at_once(*[lambda number=number: change(number) for number in range(6)])
    assert len(failures(found)) == 5
    [won] = [one.content for one in found if isinstance(one, pb.Note)]
    assert client.GetNote(pb.GetNoteRequest(note_id=note.note_id)).note.content == won


def test_notes_of_merged_customers_show_together_and_stay_with_their_origin_after_an_undo(
    acme: Company, served: Served
) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    write(client, ann, "of ann")
    write(client, bo, "of bo")
    merge = acme.merge(ann, bo).merge
    late = write(client, bo, "late, for bo")
    assert late.origin_customer_id == bo
    assert contents(client, ann) == contents(client, bo) == ["late, for bo", "of bo", "of ann"]
    acme.undo(merge.merge_id)
    assert (contents(client, ann), contents(client, bo)) == (["of ann"], ["late, for bo", "of bo"])


def test_notes_of_a_deleted_customer_are_neither_read_nor_written(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    note = write(client, ann)
    acme.delete(ann)
    for method, request in (
        ("CreateNote", pb.CreateNoteRequest(customer_id=ann, note=pb.Note(content="x"))),
        ("GetNote", pb.GetNoteRequest(note_id=note.note_id)),
        ("ListNotes", pb.ListNotesRequest(customer_id=ann)),
        ("UpdateNote", pb.UpdateNoteRequest(note_id=note.note_id, note=pb.Note(content="x"))),
        ("DeleteNote", pb.DeleteNoteRequest(note_id=note.note_id)),
    ):
        assert client.refused(method, request).reason == "CUSTOMER_DELETED", method


def test_who_may_change_only_their_own_customers_writes_notes_for_those_alone(acme: Company, served: Served) -> None:
    mine, scopes = acme.create("Mine"), ["customers:read", "customers:write:own"]
    note = write(served.client(subject="ann", scopes=scopes), mine)
    stranger = served.client(subject="bo", scopes=scopes)
    for method, request in (
        ("CreateNote", pb.CreateNoteRequest(customer_id=mine, note=pb.Note(content="x"))),
        ("UpdateNote", pb.UpdateNoteRequest(note_id=note.note_id, note=pb.Note(content="x"))),
        ("DeleteNote", pb.DeleteNoteRequest(note_id=note.note_id)),
    ):
        assert stranger.refused(method, request).reason == "NOT_OWN_RECORD", method


def test_what_the_service_wrote_of_a_conversation_names_it_and_is_not_changed(acme: Company, served: Served) -> None:
    client, ann, conversation = served.client(), acme.create("Ann"), new_id()
    with acme.transaction() as tx:
        note_id = create_system_note(tx, ann, conversation, "Asked for a kitchen.")["note_id"]
    note = client.GetNote(pb.GetNoteRequest(note_id=note_id)).note
    assert (note.automatic, note.conversation_id, note.author.subject) == (True, conversation, "system")
    request = pb.UpdateNoteRequest(note_id=note_id, note=pb.Note(content="x"))
    refused = client.refused("UpdateNote", request)
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "WRITTEN_BY_SYSTEM")
    client.DeleteNote(pb.DeleteNoteRequest(note_id=note_id))
    assert contents(client, ann) == []


def test_what_another_system_kept_as_notes_comes_in_as_one_general_note_and_only_once(
    acme: Company, served: Served
) -> None:
    client, row = served.client(), {"id": "7", "name": "Ann", "notes": " Likes oak.\nPays late. "}
    [created] = acme.import_rows(row)
    [again] = acme.import_rows(row)
    assert (created.result, again.result) == ("CREATED", "UNCHANGED")
    [note] = client.ListNotes(pb.ListNotesRequest(customer_id=created.customer_id)).notes
    assert (note.type, note.content, note.author.subject) == (pb.NOTE_TYPE_GENERAL, "Likes oak.\nPays late.", "ann")
    [changed] = acme.import_rows({**row, "notes": "Moved."})
    assert (changed.result, contents(client, created.customer_id)) == ("UPDATED", ["Moved.", "Likes oak.\nPays late."])
    acme.delete(created.customer_id)
    assert acme.import_rows({**row, "notes": "Gone."})[0].result == "UNCHANGED"
    assert acme.value("SELECT count(*) FROM notes") == 2


def test_notes_that_are_longer_than_one_takes_come_in_parts_and_far_too_long_ones_not_at_all(
    acme: Company, served: Served
) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(4500))
    outcomes = acme.import_rows({"name": "Ann", "notes": text}, {"name": "Bo", "notes": "x" * 100_001})
    assert "".join(reversed(contents(served.client(), outcomes[0].customer_id))) == text
    assert (outcomes[1].result, [item.field for item in outcomes[1].problems]) == ("INVALID", ["notes"])


def test_a_customer_is_created_with_a_first_note(acme: Company, served: Served) -> None:
    client = served.client()
    customer = customer_pb2.Customer(name="Ann", email="a@x.io")
    request = customer_service_pb2.CreateCustomerRequest(customer=customer, note="Asked for a kitchen.")
    created = client.CreateCustomer(request).customer
    assert contents(client, created.customer_id) == ["Asked for a kitchen."]
    request.on_duplicate = customer_service_pb2.DUPLICATE_ACTION_RETURN_EXISTING
    assert client.CreateCustomer(request).customer.customer_id == created.customer_id
    assert contents(client, created.customer_id) == ["Asked for a kitchen."]
    wrong = customer_service_pb2.CreateCustomerRequest(note="x" * 2001)
    assert set(client.refused("CreateCustomer", wrong).fields) == {"customer.name", "note"}

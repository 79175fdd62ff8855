"""NoteService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import note_service_pb2 as pb
from patronage.customers.v1 import note_service_pb2_grpc as grpc_pb
from services.customers.convert import note as convert
from services.customers.convert.choices import short_names
from services.customers.operations.create_note import create_note
from services.customers.operations.delete_note import delete_note
from services.customers.operations.get_note import get_note
from services.customers.operations.list_notes import list_notes
from services.customers.operations.update_note import update_note
from services.runtime.database import Transaction
from services.runtime.edge import Edge


class NoteServicer(grpc_pb.NoteServiceServicer):
    """Notes about the customers of the caller's company."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def CreateNote(self, request: pb.CreateNoteRequest, context: Any) -> pb.CreateNoteResponse:  # noqa: N802
        """Adds a note."""

        def run(tx: Transaction) -> pb.CreateNoteResponse:
            note, token = create_note(tx, request.customer_id, convert.draft_of(request.note))
            return pb.CreateNoteResponse(note=convert.note_message(note), change_token=token.encode())

        return self._edge.write(context, request, run)

    def GetNote(self, request: pb.GetNoteRequest, context: Any) -> pb.GetNoteResponse:  # noqa: N802
        """Reads a note."""

        def run(tx: Transaction) -> pb.GetNoteResponse:
            return pb.GetNoteResponse(note=convert.note_message(get_note(tx, request.note_id)))

        return self._edge.read(context, run)

    def ListNotes(self, request: pb.ListNotesRequest, context: Any) -> pb.ListNotesResponse:  # noqa: N802
        """Lists notes."""
        types = short_names(pb.NoteType, request.types, convert.TYPE, "types")
        visibilities = short_names(pb.NoteVisibility, request.visibilities, convert.VISIBILITY, "visibilities")

        def run(tx: Transaction) -> pb.ListNotesResponse:
            page = list_notes(
                tx,
                request.customer_id,
                page_size=request.page_size,
                page_token=request.page_token,
                types=types,
                visibilities=visibilities,
            )
            return pb.ListNotesResponse(
                notes=[convert.note_message(note) for note in page.children],
                next_page_token=page.next_page_token,
                total_size=page.total_size,
                total_size_estimated=page.estimated,
            )

        return self._edge.read(context, run)

    def UpdateNote(self, request: pb.UpdateNoteRequest, context: Any) -> pb.UpdateNoteResponse:  # noqa: N802
        """Changes a note."""
        draft, mask = convert.draft_of(request.note), list(request.update_mask.paths)

        def run(tx: Transaction) -> pb.UpdateNoteResponse:
            note, token = update_note(tx, request.note_id, draft, mask, request.note.etag)
            return pb.UpdateNoteResponse(note=convert.note_message(note), change_token=token.encode())

        return self._edge.write(context, request, run)

    def DeleteNote(self, request: pb.DeleteNoteRequest, context: Any) -> pb.DeleteNoteResponse:  # noqa: N802
        """Deletes a note softly."""

        def run(tx: Transaction) -> pb.DeleteNoteResponse:
            return pb.DeleteNoteResponse(change_token=delete_note(tx, request.note_id, request.etag).encode())

        return self._edge.write(context, request, run)

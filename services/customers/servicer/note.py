"""NoteService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import note_service_pb2 as pb
from patronage.customers.v1 import note_service_pb2_grpc as grpc_pb
from services.customers.convert import note as convert
from services.customers.operations.create_note import create_note
from services.customers.operations.list_notes import list_notes
from services.runtime.database import Transaction
from services.runtime.edge import Edge


class NoteServicer(grpc_pb.NoteServiceServicer):
    """Notes about the customers of the caller's company."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def CreateNote(self, request: pb.CreateNoteRequest, context: Any) -> pb.CreateNoteResponse:  # noqa: N802
        """Adds a note."""

        def run(tx: Transaction) -> pb.CreateNoteResponse:
            note, token = create_note(
                tx,
                request.customer_id,
                type_=convert.note_type(request.note),
                visibility=convert.visibility(request.note),
                content=request.note.content,
            )
            return pb.CreateNoteResponse(note=convert.note_message(note), change_token=token.encode())

        return self._edge.write(context, request, run)

    def ListNotes(self, request: pb.ListNotesRequest, context: Any) -> pb.ListNotesResponse:  # noqa: N802
        """Lists notes."""

        def run(tx: Transaction) -> pb.ListNotesResponse:
            page = list_notes(tx, request.customer_id, page_size=request.page_size, page_token=request.page_token)
            return pb.ListNotesResponse(
                notes=[convert.note_message(note) for note in page.notes],
                next_page_token=page.next_page_token,
                total_size=page.total_size,
            )

        return self._edge.read(context, run)

"""The note that holds the summary of a conversation: one for each, written by the system, changed with the summary."""

from __future__ import annotations

from services.customers.domain.conversation import LONGEST_SUMMARY
from services.customers.domain.fields import Json
from services.runtime.database import Transaction
from services.runtime.ids import new_id

SYSTEM, SYSTEM_NAME = "system", "System"
CHANGE = """
UPDATE notes SET content = %(content)s, revision = revision + 1, updated_at = now(), updated_by = %(actor)s,
       updated_by_name = %(actor_name)s
 WHERE company_id = (SELECT app_company()) AND conversation_id = %(conversation_id)s AND deleted_at IS NULL
   AND origin_customer_id = %(customer_id)s
RETURNING note_id::text
"""
# Of a customer that the conversation was taken from meanwhile.
LEAVE = """
UPDATE notes SET conversation_id = NULL
 WHERE company_id = (SELECT app_company()) AND conversation_id = %(conversation_id)s AND deleted_at IS NULL
"""
INSERT = """
INSERT INTO notes (company_id, note_id, origin_customer_id, type, visibility, content, author, author_name, created_at,
                   automatic, conversation_id, updated_by, updated_by_name)
VALUES ((SELECT app_company()), %(note_id)s, %(customer_id)s, 'GENERAL', 'INTERNAL', %(content)s, %(actor)s,
        %(actor_name)s, now(), true, %(conversation_id)s, %(actor)s, %(actor_name)s)
"""


def write(tx: Transaction, shown: dict[str, Json]) -> tuple[str, bool]:
    """Writes the summary of a linked conversation into its note; gives the note's id, and whether it is a new one."""
    parameters = {
        "note_id": new_id(),
        "customer_id": shown["origin_customer_id"],
        "conversation_id": shown["conversation_id"],
        "content": shown["summary"][:LONGEST_SUMMARY],
        "actor": SYSTEM,
        "actor_name": SYSTEM_NAME,
    }
    changed: str | None = tx.value(CHANGE, parameters)
    if changed is not None:
        return changed, False
    tx.execute(LEAVE, parameters)
    tx.execute(INSERT, parameters)
    return parameters["note_id"], True

"""Reading the audit log, newest first; only triggers write it."""

from __future__ import annotations

from typing import Any

from services.customers.domain.audit import AuditEntry, AuditQuestion
from services.customers.domain.record import Actor
from services.runtime.database import Transaction

COLUMNS = """audit_id, table_name, record_id, customer_id, action, old_values, new_values, actor, actor_name,
             changed_at, peer, user_agent, request_id"""
WHERE = """company_id = (SELECT app_company()) AND (changed_at, audit_id) < (%(changed_at)s, %(audit_id)s)
           {conditions} ORDER BY changed_at DESC, audit_id DESC LIMIT %(limit)s"""
OF_COMPANY = f"SELECT {COLUMNS} FROM audit_log WHERE {WHERE}"
# Each customer by itself, through the index of its entries.
OF_CUSTOMERS = f"""
SELECT a.* FROM unnest(%(customer_ids)s::text[]) AS asked (id)
 CROSS JOIN LATERAL (
       SELECT {COLUMNS} FROM audit_log WHERE customer_id = asked.id AND customer_id <> '' AND {WHERE}) AS a
 ORDER BY a.changed_at DESC, a.audit_id DESC LIMIT %(limit)s
"""
LATEST = ("infinity", 2**63 - 1)


def page(tx: Transaction, question: AuditQuestion, before: tuple[str, int] | None, limit: int) -> list[AuditEntry]:
    """The entries that came before a time and number, the last one first."""
    conditions = "AND changed_at >= %(from_time)s" if question.from_time else ""
    conditions += " AND changed_at < %(before_time)s" if question.before_time else ""
    conditions += " AND actor = %(actor)s" if question.actor else ""
    sql = OF_COMPANY if question.customer_ids is None else OF_CUSTOMERS
    changed_at, audit_id = before or LATEST
    parameters = {
        "customer_ids": list(question.customer_ids or ()),
        "actor": question.actor,
        "from_time": question.from_time,
        "before_time": question.before_time,
        "changed_at": changed_at,
        "audit_id": audit_id,
        "limit": limit,
    }
    return [_entry(row) for row in tx.rows(sql.format(conditions=conditions), parameters)]


def _entry(row: dict[str, Any]) -> AuditEntry:
    return AuditEntry(
        number=row["audit_id"],
        table=row["table_name"],
        actor=Actor(row["actor"], row["actor_name"]),
        **{
            name: row[name]
            for name in (
                "record_id",
                "customer_id",
                "action",
                "old_values",
                "new_values",
                "changed_at",
                "peer",
                "user_agent",
                "request_id",
            )
        },
    )

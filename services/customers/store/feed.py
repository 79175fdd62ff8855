"""Reading the feed: the log below the horizon, and everything as it is now, each batch in a statement of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from services.customers.domain.cursor import (
    COMPANIES,
    CONVERSATIONS,
    CUSTOMERS,
    ENGAGEMENTS,
    LogPosition,
    SnapshotPosition,
)
from services.customers.domain.feed import Change
from services.customers.domain.fields import Json
from services.runtime.database import Database

RENEW_EPOCH = "SELECT renew_epoch()"
BOUNDS = """
SELECT e.epoch, e.expired_below::text::bigint, pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
  FROM database_epoch e, pg_current_snapshot() s
"""
# A transaction is final once every transaction below the horizon is, so only rows below it are read: a row with a
# smaller id can no longer appear before them. WITH TIES keeps the rows of one transaction together.
LOG = """
SELECT s.horizon::text::bigint, e.epoch, e.expired_below::text::bigint,
       coalesce((SELECT xid FROM feed ORDER BY xid DESC LIMIT 1) >= s.horizon, false) AS held_back,
       f.xid::text::bigint, f.seq, f.company_id, f.subject, f.kind, f.revision, f.payload, f.previous_stage, f.merge
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon OFFSET 0) s
 CROSS JOIN database_epoch e
  LEFT JOIN LATERAL (
       SELECT xid, seq, company_id, subject, kind, revision, payload, previous_stage, merge
         FROM feed
        WHERE (xid, seq) > (%(xid)s::text::xid8, %(seq)s) AND xid < s.horizon {of_company}
        ORDER BY xid FETCH FIRST %(limit)s ROWS WITH TIES) f ON true
"""
SETTINGS = """
SELECT company_id, revision, jsonb_build_object('company_id', company_id, 'revision', revision, 'region', region,
                                                'currency', currency, 'time_zone', time_zone,
                                                'create_policy', jsonb_build_object('required_fields', required_fields,
                                                                                    'on_duplicate', on_duplicate))
  FROM companies
 WHERE company_id > %(after_company)s {of_company}
 ORDER BY company_id LIMIT %(limit)s
"""
# The order names the table, or it would be that of the text that is selected, which no index has.
CUSTOMERS_OF_ALL = """
SELECT company_id, revision, view, customer_id::text, etag FROM customers
 WHERE (company_id, customer_id) > (%(after_company)s, %(after_thing)s::uuid)
 ORDER BY customers.company_id, customers.customer_id LIMIT %(limit)s
"""
CUSTOMERS_OF_ONE = """
SELECT company_id, revision, view, customer_id::text, etag FROM customers
 WHERE company_id = %(company_id)s AND customer_id > %(after_thing)s::uuid
 ORDER BY customers.customer_id LIMIT %(limit)s
"""
CONVERSATIONS_OF_ALL = """
SELECT c.company_id, c.revision, shown_conversation(c) FROM conversations AS c
 WHERE (c.company_id, c.conversation_id) > (%(after_company)s, %(after_thing)s::uuid)
 ORDER BY c.company_id, c.conversation_id LIMIT %(limit)s
"""
CONVERSATIONS_OF_ONE = """
SELECT c.company_id, c.revision, shown_conversation(c) FROM conversations AS c
 WHERE c.company_id = %(company_id)s AND c.conversation_id > %(after_thing)s::uuid
 ORDER BY c.conversation_id LIMIT %(limit)s
"""
ENGAGEMENTS_OF_ALL = """
SELECT e.company_id, e.revision, to_jsonb(e) FROM engagements AS e
 WHERE (e.company_id, e.engagement_id) > (%(after_company)s, %(after_thing)s::uuid)
 ORDER BY e.company_id, e.engagement_id LIMIT %(limit)s
"""
ENGAGEMENTS_OF_ONE = """
SELECT e.company_id, e.revision, to_jsonb(e) FROM engagements AS e
 WHERE e.company_id = %(company_id)s AND e.engagement_id > %(after_thing)s::uuid
 ORDER BY e.engagement_id LIMIT %(limit)s
"""
# A transaction id in the list of sessions has 32 bits; a prepared transaction has no session.
BLOCKER = """
SELECT format('process %%s (%%s as %%s in %%s)', pid, coalesce(nullif(application_name, ''), 'unnamed'),
              usename, datname) FROM pg_stat_activity
 WHERE backend_xid::text = (%(horizon)s::bigint %% 4294967296)::text
UNION ALL
SELECT format('prepared transaction %%s in %%s', gid, database) FROM pg_prepared_xacts
 WHERE transaction::text = (%(horizon)s::bigint %% 4294967296)::text
"""
OF_COMPANY = "AND company_id = %(company_id)s"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The life of the database, from where its feed is kept, its horizon and its next transaction."""

    epoch: str
    expired_below: int
    horizon: int
    next_xid: int


@dataclass(frozen=True, slots=True)
class LogPage:
    """Whole transactions of the log in the order of their ids.

    `reached` says that there are no more below the horizon, `held_back` that committed ones lie above it.
    """

    rows: Sequence[Change]
    horizon: int
    epoch: str
    expired_below: int
    held_back: bool
    reached: bool


def bounds(database: Database) -> Bounds:
    """What can be read now; a database that was restored or promoted gets a new epoch by this."""
    with database.connection() as connection:
        connection.execute(RENEW_EPOCH)
        row = connection.execute(BOUNDS).fetchone()
    assert row is not None, "renew_epoch() leaves one row"
    return Bounds(*row)


def read_log(database: Database, after: LogPosition, company_id: str, limit: int) -> LogPage:
    """The next transactions after a position, at least `limit` changes where there are as many."""
    sql = LOG.format(of_company=OF_COMPANY if company_id else "")
    found = _rows(database, sql, xid=str(after.xid), seq=after.seq, company_id=company_id, limit=limit)
    horizon, epoch, expired_below, held_back, *_ = found[0]
    rows = [Change(*values[4:]) for values in found if values[4] is not None]
    rows.sort(key=lambda row: (row.xid, row.seq))
    return LogPage(rows, horizon, epoch, expired_below, held_back, reached=len(rows) < limit)


def read_snapshot(database: Database, after: SnapshotPosition, company_id: str, limit: int) -> list[Change]:
    """The next things of a position's subject after it, as they are now."""
    return _READ[after.subject](database, after, company_id, limit)


def blocker(database: Database, horizon: int) -> str:
    """Who holds the horizon back: the session with the oldest open transaction that writes."""
    found = _rows(database, BLOCKER, horizon=horizon)
    return str(found[0][0]) if found else "nobody any more"


def _companies(database: Database, after: SnapshotPosition, company_id: str, limit: int) -> list[Change]:
    sql = SETTINGS.format(of_company=OF_COMPANY if company_id else "")
    found = _rows(database, sql, after_company=after.company_id, company_id=company_id, limit=limit)
    return [_snapshot_row("company", company, revision, shown) for company, revision, shown in found]


def _conversations(database: Database, after: SnapshotPosition, company_id: str, limit: int) -> list[Change]:
    sql = CONVERSATIONS_OF_ONE if company_id else CONVERSATIONS_OF_ALL
    found = _rows(database, sql, **_after(after), company_id=company_id, limit=limit)
    return [_snapshot_row("conversation", company, revision, shown) for company, revision, shown in found]


def _customers(database: Database, after: SnapshotPosition, company_id: str, limit: int) -> list[Change]:
    sql = CUSTOMERS_OF_ONE if company_id else CUSTOMERS_OF_ALL
    found = _rows(database, sql, **_after(after), company_id=company_id, limit=limit)
    for _, revision, view, customer_id, etag in found:
        view.update(customer_id=customer_id, etag=etag, revision=revision)
    return [_snapshot_row("customer", company, revision, view) for company, revision, view, *_ in found]


def _engagements(database: Database, after: SnapshotPosition, company_id: str, limit: int) -> list[Change]:
    sql = ENGAGEMENTS_OF_ONE if company_id else ENGAGEMENTS_OF_ALL
    found = _rows(database, sql, **_after(after), company_id=company_id, limit=limit)
    return [_snapshot_row("engagement", company, revision, shown) for company, revision, shown in found]


_READ = {COMPANIES: _companies, CUSTOMERS: _customers, CONVERSATIONS: _conversations, ENGAGEMENTS: _engagements}


def _after(position: SnapshotPosition) -> dict[str, str]:
    return {"after_company": position.company_id, "after_thing": position.thing_id}


def _snapshot_row(subject: str, company_id: str, revision: int, shown: Mapping[str, Json]) -> Change:
    return Change(0, 0, company_id, subject, "SNAPSHOT", revision, shown)


def _rows(database: Database, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(cast(Any, sql), parameters).fetchall()

"""Fills what merges meet: both followers' mirrors of a company that customers_fill has made, and children by SQL.

The followers have read the feed of the empty databases before, and go on from there: a million customers come to them
as rows of their own tables, not through the feed.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from tests.benchmarks import timeline_fill

# The ids of customers_fill.customer_id.
_ID = "(lpad(to_hex(n), 11, '0') || '070008000000000000000')::uuid"
_EPOCH = "(SELECT epoch FROM follower_cursors)"
_MATCHING = f"""
INSERT INTO match_records (company_id, customer_id, root_id, state, epoch, revision, generation, name, email, phone,
                           completeness, created_at, source, identity, keys)
SELECT %(company)s, {_ID}, {_ID}, 'ACTIVE', {_EPOCH}, 1, 1, 'Customer ' || n, '', '', 1, now(), 'IMPORT', '{{}}', '{{}}'
  FROM generate_series(0, %(customers)s - 1) n
"""
_ANALYTICS = (
    f"""
    INSERT INTO customers_mirror (company_id, customer_id, merged_into, root_id, name, state, party_type, epoch,
                                  revision, generation, customer_type, source, stage, staged_at, joined_at)
    SELECT %(company)s, {_ID}, NULL, {_ID}, 'Customer ' || n, 'ACTIVE', 'PERSON', {_EPOCH}, 1, 1, 'REGULAR', 'IMPORT',
           'PROSPECT', now(), now()
      FROM generate_series(0, %(customers)s - 1) n
    """,
    f"""
    INSERT INTO root_figures SELECT %(company)s, {_ID}, true, true, false, 0, 0, NULL, NULL
      FROM generate_series(0, %(customers)s - 1) n
    """,
)
_NOTES = """
INSERT INTO notes (company_id, note_id, origin_customer_id, type, visibility, content, author, author_name, created_at)
SELECT %(company)s, md5(%(first)s || n)::uuid, (%(members)s::uuid[])[1 + n %% %(count)s], 'GENERAL', 'INTERNAL',
       'called', 'ann', 'Ann', timestamptz '2024-01-01' + (n * 7919::bigint %% %(rows)s) * interval '1 minute'
  FROM generate_series(1, %(rows)s) AS n
"""


def fill_mirrors(matching_url: str, analytics_url: str, company: str, customers: int) -> None:
    """Writes so many customers to the mirrors of matching and of analytics, whose services are stopped meanwhile."""
    _run(matching_url, [_MATCHING], company=company, customers=customers)
    _run(analytics_url, _ANALYTICS, company=company, customers=customers)


def fill_notes(customers_url: str, company: str, members: Sequence[str], rows: int) -> None:
    """Writes notes, spread evenly over some customers."""
    _run(customers_url, [_NOTES], company=company, members=members, first=members[0], count=len(members), rows=rows)


def fill_children(customers_url: str, company: str, members: Sequence[str], rows: int) -> None:
    """Writes children of every kind, spread evenly over some customers; six of ten are events."""
    asked = {"company": company, "members": list(members), "count": len(members), "rows": rows, "first": members[0]}
    sql = timeline_fill.ROWS.replace("|| n)::uuid", "|| %(first)s || n)::uuid").replace("'s' || n", "%(first)s || n")
    _run(customers_url, [sql], **asked, rare=timeline_fill.RARE)


def _run(url: str, statements: Sequence[str], **parameters: object) -> None:
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET session_replication_role = replica")  # no audit: the rows come from nobody
        for sql in statements:
            connection.execute(sql.encode(), parameters)
        connection.execute("VACUUM ANALYZE")

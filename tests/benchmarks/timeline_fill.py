"""A tree of merged customers with as many entries of a timeline as wanted, made by SQL in seconds."""

from __future__ import annotations

import uuid

import psycopg

MEMBERS = 10
RARE = "restored"
"""A type of event that one member has once."""

CUSTOMERS = """
INSERT INTO customers (company_id, customer_id, root_id, own, view, etag, revision, state, lifecycle_stage, name_sort,
                       created_at, updated_at)
SELECT %(company)s, m::uuid, %(root)s::uuid, '{}', '{}', 'e', 1, CASE WHEN m = %(root)s THEN 'ACTIVE' ELSE 'MERGED' END,
       'PROSPECT', 'a', now(), now()
  FROM unnest(%(members)s::text[]) AS m
"""
# Of ten rows six are events, and one each is an activity, a note, a summary and an engagement; their times are mixed.
ROWS = """
CREATE TEMPORARY TABLE made AS
SELECT n, (%(members)s::uuid[])[1 + n %% %(count)s] AS member, md5(%(company)s || n)::uuid AS id,
       timestamptz '2024-01-01' + (n * 7919::bigint %% %(rows)s) * interval '1 minute' AS at,
       (n / %(count)s) %% 10 AS kind
  FROM generate_series(1, %(rows)s) AS n;
INSERT INTO events (company_id, event_id, origin_customer_id, type, data, actor, actor_name, created_at)
SELECT %(company)s, id, member,
       CASE WHEN n = 7 THEN %(rare)s ELSE (ARRAY['updated', 'tags_added', 'note_added'])[1 + n %% 3] END,
       '{"fields": ["name"]}', 'ann', 'Ann', at FROM made WHERE kind < 6;
INSERT INTO activities (company_id, activity_id, origin_customer_id, type, title, description, happened_at, automatic,
                        author, author_name, created_at, revision, updated_at, updated_by, updated_by_name)
SELECT %(company)s, id, member, 'CALL', 'Call', '', at, false, 'ann', 'Ann', at, 1, at, 'ann', 'Ann'
  FROM made WHERE kind = 6;
INSERT INTO notes (company_id, note_id, origin_customer_id, type, visibility, content, author, author_name, created_at)
SELECT %(company)s, id, member, 'GENERAL', 'INTERNAL', 'called', 'ann', 'Ann', at FROM made WHERE kind = 7;
INSERT INTO conversations (company_id, conversation_id, session_id, origin_customer_id, user_id, customer_name,
                           customer_email, customer_phone, customer_address, started_at, summary, summarized_at,
                           linked_at, link_source, created_by, created_by_name, created_at, updated_at, revision,
                           first_at, last_at)
SELECT %(company)s, id, 's' || n, member, '', '', '', '', '', at, 'Asked for a price.', at, at, 'MANUAL', 'ann', 'Ann',
       at, at, 1, at, at FROM made WHERE kind = 8;
INSERT INTO engagements (company_id, engagement_id, origin_customer_id, kind, status, title, description, status_at,
                         author, author_name, created_at, revision, updated_at, updated_by, updated_by_name)
SELECT %(company)s, id, member, 'OFFER', 'SENT', 'Offer', '', at, 'ann', 'Ann', at, 1, at, 'ann', 'Ann'
  FROM made WHERE kind = 9;
DROP TABLE made;
"""


def fill(admin_url: str, company: str, rows: int, members: int = MEMBERS) -> str:
    """Makes the tree; answers the id of its root."""
    ids = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"{company} {number}")) for number in range(members)]
    parameters = {"company": company, "root": ids[0], "members": ids, "count": members, "rows": rows, "rare": RARE}
    with psycopg.connect(admin_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET session_replication_role = replica")  # no audit: the rows come from nobody
        connection.execute(CUSTOMERS, parameters)
        connection.execute(ROWS, parameters)
        connection.execute("VACUUM ANALYZE")
    return ids[0]

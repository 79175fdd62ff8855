"""What must hold of a company's rows in the three databases, whatever was killed while they were written."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg

from services.analytics.store.recount import drift
from services.customers.domain.view import views
from services.customers.operations.verify_conversation_metrics import verify_conversation_metrics
from services.customers.store import trees
from services.local.suite import Suite
from services.runtime.database import Database, TenantScope, Transaction
from tests.faults.company import Company, admin_url

CUSTOMERS = "SELECT customer_id::text, root_id::text, state FROM customers WHERE company_id = %s"
MATCHING = "SELECT customer_id::text, root_id::text, state FROM match_records WHERE company_id = %s"
ANALYTICS = "SELECT customer_id::text, root_id::text, state FROM customers_mirror WHERE company_id = %s"
PARKED = "SELECT follower, error FROM parked_changes WHERE company_id = %s"
REVISIONS = "SELECT customer_id::text, revision FROM customers WHERE company_id = %s"
FED_REVISIONS = """
SELECT payload ->> 'customer_id', array_agg(revision ORDER BY revision)
  FROM feed WHERE company_id = %s AND subject = 'customer' GROUP BY 1
"""
CONVERSATIONS = "SELECT conversation_id::text, revision, interactions FROM conversations WHERE company_id = %s"
FED_CONVERSATIONS = """
SELECT payload ->> 'conversation_id', array_agg(revision ORDER BY revision),
       (array_agg((payload ->> 'interactions')::bigint ORDER BY revision DESC))[1]
  FROM feed WHERE company_id = %s AND subject = 'conversation' GROUP BY 1
"""
MISCOUNTED = """
  WITH counted (customer_id, conversations, last_at) AS (
       SELECT of.customer_id, count(*), max(t.last_at)
         FROM conversations t JOIN customers m ON m.company_id = %s AND m.customer_id = t.origin_customer_id
        CROSS JOIN LATERAL (SELECT m.root_id UNION SELECT m.customer_id) AS of (customer_id)
        WHERE t.company_id = %s GROUP BY 1)
SELECT c.customer_id::text, c.total_conversations, c.last_interaction_time::text, n.conversations, n.last_at::text
  FROM customers c LEFT JOIN counted n USING (customer_id)
 WHERE c.company_id = %s AND (c.total_conversations, c.last_interaction_time)
       IS DISTINCT FROM (coalesce(n.conversations, 0), coalesce(n.last_at, '-infinity'))
"""
EDGES = "SELECT source_id::text, target_id::text, merge_id::text, in_force FROM merge_edges WHERE company_id = %s"
LOG = "SELECT merge_id::text, target_id::text, source_ids::text[], undone_at FROM merges WHERE company_id = %s"
EVENTS = """
SELECT origin_customer_id::text, type, data ->> 'merge_id' FROM events
 WHERE company_id = %s AND type IN ('merged', 'merge_undone')
"""
FED = """
SELECT payload ->> 'customer_id', kind, merge ->> 'merge_id' FROM feed WHERE company_id = %s AND merge IS NOT NULL
"""

TREES_AT_ONCE = 200


def rows(suite: Suite, service: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a service's database, read past its policies."""
    with psycopg.connect(admin_url(suite, service)) as connection:
        return connection.execute(cast(Any, sql), parameters).fetchall()


@contextmanager
def transaction(company: Company, service: str, role: str) -> Iterator[Transaction]:
    """A transaction of the company as one of the roles of a service."""
    database = Database(company.suite.url(service, role), application_name="faults")
    try:
        with database.transaction(TenantScope(company.id)) as tx:
            yield tx
    finally:
        database.close()


def assert_mirrors_agree(company: Company) -> None:
    """Both followers hold every customer, under the same root and in the same state, and parked nothing."""
    token = company.wait_for_followers()
    assert token
    own = set(rows(company.suite, "customers", CUSTOMERS, company.id))
    assert set(rows(company.suite, "matching", MATCHING, company.id)) == own
    assert set(rows(company.suite, "analytics", ANALYTICS, company.id)) == own
    for service in ("matching", "analytics"):
        assert rows(company.suite, service, PARKED, company.id) == []


def assert_each_revision_was_fed_once(company: Company) -> None:
    """Each write of a customer left one change in the feed: none is lost, none stands twice."""
    fed = dict(rows(company.suite, "customers", FED_REVISIONS, company.id))
    for customer_id, revision in rows(company.suite, "customers", REVISIONS, company.id):
        assert fed.get(customer_id) == list(range(1, revision + 1)), f"{customer_id}: {fed.get(customer_id)}"


def assert_conversations_are_fed_and_counted(company: Company) -> None:
    """Each change of a conversation left one change in the feed, with the interactions that there are; each figure is
    what counting them again gives, for lists too."""
    fed = {told: (seen, last) for told, seen, last in rows(company.suite, "customers", FED_CONVERSATIONS, company.id)}
    for conversation_id, revision, interactions in rows(company.suite, "customers", CONVERSATIONS, company.id):
        assert fed.get(conversation_id) == (list(range(1, revision + 1)), interactions), conversation_id
    assert rows(company.suite, "customers", MISCOUNTED, company.id, company.id, company.id) == []
    with transaction(company, "customers", "runtime") as tx:
        verified = verify_conversation_metrics(tx, 0, "")
        while verified.next_page_token and not verified.drifts:
            verified = verify_conversation_metrics(tx, 0, verified.next_page_token)
        assert verified.drifts == []


def assert_views_fold(company: Company) -> None:
    """Every stored view is what folding the own records of its tree gives anew."""
    roots = sorted({root_id for _, root_id, _ in rows(company.suite, "customers", CUSTOMERS, company.id)})
    with transaction(company, "customers", "owner") as tx:
        for begin in range(0, len(roots), TREES_AT_ONCE):
            for tree in trees.read_trees(tx, roots[begin : begin + TREES_AT_ONCE]).values():
                _assert_folds(tree)


def _assert_folds(tree: trees.StoredTree) -> None:
    for customer_id, view in views(tree.tree).items():
        row = tree.rows[customer_id]
        assert (row.view, row.etag, row.root_id, row.state) == (view.data, view.etag, view.root_id, view.state)


def assert_no_half_merge(company: Company) -> None:
    """The log, the edges, the roots, the timeline and the feed tell the same merges and undos.

    Of many merges in one transaction the target is fed once; each source is fed with the merge that made it one.
    """
    log = rows(company.suite, "customers", LOG, company.id)
    edges = rows(company.suite, "customers", EDGES, company.id)
    told = [(source, target, merge, undone is None) for merge, target, sources, undone in log for source in sources]
    assert sorted(edges) == sorted(told)
    above = {source: target for source, target, _, in_force in edges if in_force}
    for customer_id, root_id, state in rows(company.suite, "customers", CUSTOMERS, company.id):
        assert root_id == _root(customer_id, above)
        assert (state == "MERGED") == (customer_id in above)
    noted = [(member, "merged", merge) for merge, target, sources, _ in log for member in (target, *sources)]
    noted += [(member, "merge_undone", merge) for member, _, merge in noted if merge in {m for m, *_, u in log if u}]
    assert Counter(rows(company.suite, "customers", EVENTS, company.id)) == Counter(noted)
    fed = {(member, kind.lower(), merge) for member, kind, merge in rows(company.suite, "customers", FED, company.id)}
    sources_of = {merge: sources for merge, _, sources, _ in log}
    assert {one for one in noted if one[1] == "merge_undone" or one[0] in sources_of[one[2]]} <= fed
    assert {(member, kind) for member, kind, _ in noted} <= {(member, kind) for member, kind, _ in fed}


def assert_figures_are_a_recount(company: Company) -> None:
    """Every figure that analytics keeps is what counting its sales again gives."""
    with transaction(company, "analytics", "runtime") as tx:
        assert drift(tx) == []


def _root(customer_id: str, above: dict[str, str]) -> str:
    while customer_id in above:
        customer_id = above[customer_id]
    return customer_id

"""Lists and searches reach their rows by an index: what is read and thrown away stays small."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from services.customers.domain.listing import COUNTED, Question
from services.customers.domain.search import Wanted
from services.customers.store import listing, search
from services.customers.store.listing import FEW, Place
from services.runtime.core_sql import core_sql
from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.failures import StatementTimeout
from tests.fixtures.databases import Databases, ServiceDatabase

ROWS = 20_000
HIDDEN = ROWS // 50
SEED = """
INSERT INTO customers (company_id, customer_id, root_id, own, etag, revision, state, lifecycle_stage, name_sort,
                       email_sort, phone_sort, created_at, updated_at, last_interaction_time, total_conversations,
                       search_text, view)
SELECT company, id, id, '{}', 'e', 1, CASE WHEN n %% 50 = 0 THEN 'DELETED' ELSE 'ACTIVE' END,
       (ARRAY['PROSPECT', 'LEAD', 'CUSTOMER', 'CHURNED'])[1 + n %% 4], name, email, phone,
       t - n * interval '1 minute', t - ((n * 7919) %% %(rows)s) * interval '1 minute',
       CASE WHEN n %% 2 = 0 THEN '-infinity' ELSE t - ((n * 31) %% %(rows)s) * interval '1 minute' END, n %% 7,
       name || E'\\n' || email || E'\\n' || ltrim(phone, '+'),
       jsonb_build_object('source', (ARRAY['API', 'CHAT', 'MANUAL', 'IMPORT'])[1 + n / 4 %% 4],
                          'customer_type', (ARRAY['WALK_IN', 'REGULAR', 'VIP', 'WHOLESALE'])[1 + n / 16 %% 4],
                          'party_type', (ARRAY['PERSON', 'ORGANIZATION'])[1 + n / 64 %% 2],
                          'created_by', jsonb_build_object('subject', 'agent-' || n %% 100))
       || CASE WHEN n %% 30 = 0 THEN '{"prefer_email": {"value": true}}'::jsonb ELSE '{}' END
       || CASE WHEN n %% 45 = 0 THEN '{"do_not_contact": {"value": true}}'::jsonb ELSE '{}' END
  FROM unnest(ARRAY['acme', 'other']) AS company, generate_series(1, %(rows)s) AS n,
       LATERAL (SELECT md5(company || n)::uuid AS id, timestamptz '2026-11-21' AS t, md5(n::text) AS name,
                       'user' || n || '@x.io' AS email, '+1202' || lpad(n::text, 7, '0') AS phone) AS made
"""
LABELS = """
INSERT INTO customer_labels (company_id, kind, label, facets, customer_id)
SELECT company_id, 'TAG', tag, facets, customer_id FROM customers, unnest(ARRAY['common', 'rare']) AS tag
 WHERE tag = 'common' AND total_conversations < 3 OR tag = 'rare' AND hashtext(customer_id::text) %% 1000 = 0
"""
FEW_REMOVED = 10
READ = "SELECT sum(seq_scan)::int, sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_xact_user_tables"
PARTS = """
EXPLAIN (ANALYZE, FORMAT JSON) SELECT customer_id FROM search_texts
 WHERE company_id = (SELECT app_company()) AND {condition} LIMIT 240
"""
LIVE = "state IN ('ACTIVE', 'INACTIVE')"


@pytest.fixture(scope="module")
def made(databases: Databases) -> Iterator[ServiceDatabase]:
    """A company with many customers, beside another one with as many."""
    database = databases.of_service("customers")
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")  # no audit: the rows come from nobody
        admin.execute(SEED, {"rows": ROWS})
        admin.execute(LABELS.replace("%%", "%"))
        admin.execute("INSERT INTO search_words SELECT company_id, name_sort FROM customers")
        admin.execute(
            "INSERT INTO search_texts SELECT company_id, customer_id, search_text FROM customers WHERE " + LIVE
        )
        admin.execute("VACUUM ANALYZE customers")
        admin.execute("VACUUM ANALYZE search_texts")
        admin.execute("VACUUM ANALYZE search_words")
        admin.execute("VACUUM ANALYZE customer_labels")
    yield database
    databases.leave(database.name)


@pytest.fixture(scope="module")
def tx(made: ServiceDatabase) -> Iterator[Transaction]:
    """A transaction of one of the two companies."""
    database = Database(made.runtime_url, application_name="plans", idle_in_transaction_ms=0)
    with database.transaction(TenantScope("acme")) as opened:
        yield opened
    database.close()


class Planned:
    """Stands in the place of a transaction and keeps what it is asked, with its plan."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.indexes: list[str] = []
        self.removed = 0
        self.read = 0

    def run(self, statement: Any, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        sql, parameters = core_sql(statement, values)
        self.take(self._tx.value(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)[0]["Plan"])
        return self._tx.rows(sql, parameters)

    def value(self, sql: str, parameters: Any) -> Any:
        return self._tx.value(sql, parameters)

    def take(self, plan: Mapping[str, Any]) -> None:
        assert plan["Node Type"] != "Seq Scan"
        self.indexes += [plan["Index Name"]] if "Index Name" in plan else []
        self.read += plan["Actual Rows"] * plan["Actual Loops"] if "Index Name" in plan else 0
        self.removed += plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        for child in plan.get("Plans", ()):
            self.take(child)


def planned(tx: Transaction, counted: int = 0, place: Place | None = None, **question: Any) -> Planned:
    """How a page is read; `counted` stands for how many there are, which decides the way."""
    found = Planned(tx)
    listing.page(found, Question(**question), place or Place(), 21, counted)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("sort", "index", "middle"),
    [
        ("CREATE_TIME", "customers_by_creation", "2026-11-15T00:00:00+00:00"),
        ("UPDATE_TIME", "customers_by_update", "2026-11-15T00:00:00+00:00"),
        ("NAME", "customers_by_name", "8"),
        ("CUSTOMER_ID", "customers_pkey", ""),
        ("LAST_INTERACTION_TIME", "customers_by_interaction", "2026-11-15T00:00:00+00:00"),
        ("TOTAL_CONVERSATIONS", "customers_by_conversations", "3"),
    ],
)
def test_a_page_of_any_order_reads_little_more_than_the_page(
    tx: Transaction, sort: str, index: str, middle: str, descending: bool
) -> None:
    position = [*([middle] if middle else []), "80000000-0000-7000-8000-000000000000"]
    for place in (Place(), Place(position), Place(position, backwards=True)):
        found = planned(tx, ROWS, place, sort=sort, descending=descending)
        assert index in found.indexes
        assert found.removed < FEW_REMOVED


@pytest.mark.parametrize("sort", ["CREATE_TIME", "NAME"])
@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("abc", {"name", "family", "email"}),
        ("user77", {"name", "family", "email"}),
        ("+1202 000 0077", {"name", "family", "email", "phone"}),
        ("202 000 0077", {"name", "family", "email", "national"}),
        ("nobody", {"name", "family", "email"}),
    ],
)
def test_a_beginning_that_few_have_is_looked_up_in_the_indexes_of_what_may_begin_so(
    tx: Transaction, text: str, indexes: set[str], sort: str
) -> None:
    found = planned(tx, text=text, sort=sort)
    assert {f"customers_by_{name}" for name in indexes} <= set(found.indexes)
    assert found.removed < FEW_REMOVED


@pytest.mark.parametrize("descending", [False, True])
def test_a_list_by_name_of_a_very_common_beginning_reads_a_stretch_of_the_names(
    tx: Transaction, descending: bool
) -> None:
    found = planned(tx, COUNTED + 1, text="a", sort="NAME", descending=descending)
    assert "customers_by_name" in found.indexes
    assert found.read + found.removed < 2 * ROWS // 16 + 100  # a sixteenth of all; those who end so are the same here


SOME = datetime(2026, 11, 20, tzinfo=UTC)
FILTERS: list[dict[str, Any]] = [
    {"lifecycle_stages": ("CHURNED",)},
    {"lifecycle_stages": ("CHURNED", "LEAD", "PROSPECT")},
    {"sources": ("CHAT",)},
    {"customer_types": ("VIP",)},
    {"party_types": ("ORGANIZATION",)},
    {"has_email": True},
    {"has_phone": False},
    {"has_address": False},
    {"tags_any": ("common",)},
    {"tags_any": ("rare", "common")},
    {"tags_all": ("rare", "common")},
    {"created_from": SOME},
    {"updated_from": SOME},
    {"last_interaction_from": SOME},
    {"last_interaction_before": datetime(2000, 1, 1, tzinfo=UTC)},
    {"created_by": "agent-7"},
    {"lifecycle_stages": ("LEAD",), "customer_types": ("VIP",), "sources": ("API",)},
    {"tags_all": ("common",), "lifecycle_stages": ("LEAD",)},
    {"updated_from": SOME, "customer_types": ("VIP",), "has_phone": True},
    {"text": "user7", "party_types": ("ORGANIZATION",)},
    {"permitted": ("EMAIL", "OFFERS")},
    {"permitted": ("SMS", "TRANSACTIONAL")},
    {"consents": (("do_not_contact", ("YES",)),)},
    {"permitted": ("EMAIL", "LOYALTY"), "customer_types": ("VIP",)},
    {"permitted": ("EMAIL", "OFFERS"), "tags_any": ("common",)},
]


@pytest.mark.parametrize("sort", ["CREATE_TIME", "NAME", "TOTAL_CONVERSATIONS"])
@pytest.mark.parametrize("conditions", FILTERS, ids=str)
def test_every_filter_in_every_order_is_counted_and_read_by_indexes_with_bounded_work(
    tx: Transaction, conditions: dict[str, Any], sort: str
) -> None:
    counting = Planned(tx)
    counted, _ = listing.count(counting, Question(**conditions, sort=sort), exactly=False)  # type: ignore[arg-type]
    found = planned(tx, counted, sort=sort, **conditions)
    assert found.indexes
    assert found.removed <= ROWS // 4


def test_deleted_customers_are_found_by_their_state(tx: Transaction) -> None:
    found = planned(tx, HIDDEN, states=("DELETED",))
    assert (set(found.indexes), found.removed) == ({"customers_by_state", "customers_pkey"}, 0)


def test_a_count_stops_above_ten_thousand_unless_it_is_asked_for_exactly(tx: Transaction) -> None:
    exact, estimated = listing.count(tx, Question(), exactly=True)
    assert (exact, estimated) == (ROWS - HIDDEN, False)
    about, estimated = listing.count(tx, Question(), exactly=False)
    assert estimated
    assert abs(about - exact) < exact / 5
    about, estimated = listing.count(
        tx, Question(has_phone=True, party_types=("PERSON", "ORGANIZATION")), exactly=False
    )
    assert (estimated, abs(about - exact) < exact / 5) == (True, True)
    assert listing.count(tx, Question(states=("DELETED",)), exactly=False) == (HIDDEN, False)


@pytest.mark.parametrize("conditions", FILTERS, ids=str)
def test_a_count_by_labels_and_facets_is_that_of_the_rows(tx: Transaction, conditions: dict[str, Any]) -> None:
    question = Question(**conditions)
    number = sum(1 for _ in _all(tx, question))
    counted, estimated = listing.count(tx, question, exactly=False)
    assert counted == number or (estimated and number > COUNTED)
    assert listing.count(tx, question, exactly=True) == (number, False)


def _all(tx: Transaction, question: Question) -> list[listing.Listed]:
    """Every customer of a question, by the way for few."""
    return listing.page(tx, question, Place(), 2 * ROWS, 0)


@pytest.mark.parametrize("sort", ["CREATE_TIME", "NAME", "LAST_INTERACTION_TIME"])
@pytest.mark.parametrize("conditions", FILTERS, ids=str)
def test_every_way_gives_the_same_page(tx: Transaction, conditions: dict[str, Any], sort: str) -> None:
    question = Question(**conditions, sort=sort)
    pages = [
        [one.position for one in listing.page(tx, question, Place(skip=3), 21, counted)]
        for counted in (FEW, FEW + 1, COUNTED + 1)
    ]
    assert pages[0] == pages[1] == pages[2]


def test_a_list_that_takes_too_long_says_which_conditions_to_narrow(tx: Transaction) -> None:
    question = Question(tags_any=("common",), created_by="agent-7")

    def hurried() -> None:
        with tx.savepoint():
            tx.execute("SET LOCAL statement_timeout = 1")
            listing.page(tx, question, Place(), 2 * ROWS, 0)

    with pytest.raises(StatementTimeout) as raised:
        hurried()
    assert raised.value.metadata == {"filters": "tags_any, created_by", "sort": "CREATE_TIME"}
    assert "Narrow one of: tags_any, created_by" in raised.value.message


@pytest.mark.parametrize(
    "condition", ["search_text LIKE '%ser777@%'", "search_text LIKE '%0000777%'", "'usr7777' <% search_text"]
)
def test_parts_and_similar_spellings_are_found_by_trigrams_within_the_company(
    made: ServiceDatabase, condition: str
) -> None:
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        admin.execute("SET ROLE customers_finder")
        admin.execute("SET app.company_id = 'acme'")
        admin.execute("SET enable_seqscan = off; SET enable_indexscan = off")  # as the functions have it
        row = admin.execute(PARTS.format(condition=condition).encode()).fetchone()
    assert row is not None
    found = Planned.__new__(Planned)
    found.indexes, found.removed, found.read = [], 0, 0
    found.take(row[0][0]["Plan"])
    assert found.indexes == ["search_texts_by_trigrams"]
    assert found.removed < 200


@pytest.mark.parametrize("mode", ["PREFIX", "SUBSTRING", "FUZZY", "EXACT"])
@pytest.mark.parametrize("query", ["u", "user777", "user7777@x.io", "202 000 0777", "usre777", "000077"])
def test_a_search_reads_few_rows_and_no_table_as_a_whole(tx: Transaction, mode: str, query: str) -> None:
    wanted = Wanted(query, mode)
    asked = [wanted.text, wanted.email, "", "" if wanted.international else wanted.digits, wanted.patterns]
    asked += [wanted.similar, wanted.sought]
    before = tx.rows(READ.replace("::int", "::int AS n", 1))[0]
    tx.execute("SELECT search_candidates(%s, %s, %s, %s, %s, %s, %s, %s)", (*asked, search.MOST))
    after = tx.rows(READ.replace("::int", "::int AS n", 1))[0]
    assert after["n"] == before["n"]
    assert after["sum"] - before["sum"] < 2_500


KINDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"text": "user77"}, {"text": "user88"}),
    ({"sources": ("CHAT",), "created_by": "agent-7"}, {"sources": ("API",), "created_by": "agent-8"}),
    ({"created_from": SOME}, {"created_from": datetime(2026, 11, 10, tzinfo=UTC)}),
    ({"tags_any": ("rare",)}, {"tags_any": ("common",)}),
    ({"tags_any": ("rare", "other")}, {"tags_any": ("rare", "common", "third")}),
    ({"states": ("DELETED",)}, {"states": ("INACTIVE",)}),
    ({"consents": (("do_not_contact", ("YES",)),)}, {"consents": (("prefer_email", ("YES",)),)}),
    ({"text": "user7", "customer_types": ("VIP",)}, {"text": "user8", "customer_types": ("REGULAR",)}),
]


@pytest.mark.parametrize("counted", [FEW, COUNTED + 1])
@pytest.mark.parametrize(("one", "other"), KINDS, ids=str)
def test_a_statement_that_is_kept_is_told_the_values_of_each_question_anew(
    tx: Transaction, one: dict[str, Any], other: dict[str, Any], counted: int
) -> None:
    def answers(conditions: dict[str, Any]) -> tuple[object, ...]:
        question = Question(**conditions)
        page = listing.page(tx, question, Place(skip=1), 20, counted)
        after = listing.page(tx, question, Place(page[0].position), 20, counted) if page else []
        return listing.count(tx, question, exactly=True), [one.position for one in (*page, *after)]

    apart = []
    for conditions in (one, other):
        for composed in (listing._counting, listing._walk, listing._gathered, listing._merged_beginnings):
            composed.cache_clear()
        apart.append(answers(conditions))
    assert apart[0] != apart[1]
    assert [answers(one), answers(other), answers(one)] == [*apart, apart[0]]

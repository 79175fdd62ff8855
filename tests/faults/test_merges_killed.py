"""Whatever is killed under merges, undos and edits: each happens wholly or not at all, and once for each request id."""

import os
import random
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from patronage.analytics.v1 import metrics_service_pb2
from patronage.customers.v1 import note_service_pb2
from patronage.matching.v1 import review_service_pb2
from services.local.suite import POSTGRES, SERVICES, Suite
from tests.faults.company import Company, insist, until
from tests.faults.mergers import Editor, Merger, Progress
from tests.faults.people import import_people
from tests.faults.proofs import (
    CUSTOMERS,
    LOG,
    assert_each_revision_was_fed_once,
    assert_figures_are_a_recount,
    assert_mirrors_agree,
    assert_no_half_merge,
    assert_views_fold,
    rows,
)

WANTED = int(os.environ.get("PATRONAGE_FAULTS_MERGES", "125"))
"""Merges and undos under the kills of each part: 500 in all four together."""
PEOPLE, MERGERS, EDITORS, EACH_KILL, MOST_TAGS = 40, 3, 2, 60, 20
FORBIDDEN = {"ALREADY_MERGED", "SELF_MERGE", "JUDGED_DIFFERENT"}
NOTES = "SELECT origin_customer_id::text, content FROM notes WHERE company_id = %s"
SALES = "SELECT sale_id, origin_customer_id::text, total_minor / 100 FROM sales WHERE company_id = %s"
OWNERS = "SELECT count(*) FROM customers WHERE company_id = %s AND own::text LIKE '%%' || %s || '%%'"


def kill_under(
    suite: Suite, part: str, progress: Progress, at_work: Sequence[Future[None]], chance: random.Random
) -> None:
    """Kills one part at moments spread over the work, and starts it again each time."""
    kills = max(2, progress.wanted // EACH_KILL)

    def are_answered(moment: int) -> bool:
        return progress.answered >= moment

    for kill in range(kills):
        moment = progress.wanted * kill // kills + chance.randrange(2, progress.wanted // kills - 8)
        until(partial(are_answered, moment), f"{moment} calls are answered", within_s=300, at_work=at_work)
        threading.Event().wait(chance.uniform(0, 0.03))  # where inside the next calls it strikes
        suite.kill(part)
        suite.start(part)


@pytest.mark.timeout(240 + WANTED)
@pytest.mark.parametrize("part", [*SERVICES, POSTGRES])
def test_no_merge_is_half_done_nothing_is_lost_and_each_request_id_has_one_effect(
    company: Company, chance: random.Random, part: str
) -> None:
    people = import_people(company, PEOPLE)
    token, progress = company.wait_for_followers(), Progress(WANTED)
    mergers = [Merger(company, people, random.Random(chance.random()), progress) for _ in range(MERGERS)]
    editors = [
        Editor(company, people, random.Random(chance.random()), progress, MOST_TAGS, token) for _ in range(EDITORS)
    ]
    with ThreadPoolExecutor(MERGERS + EDITORS) as threads:
        works = [merger.work for merger in mergers] + [editor.work for editor in editors]
        at_work = [threads.submit(work) for work in works]
        try:
            kill_under(company.suite, part, progress, at_work, chance)
            for one in at_work:
                one.result()
        finally:
            progress.over = True
        for again in [threads.submit(merger.repeat) for merger in mergers]:
            again.result()

    assert {reason for merger in mergers for reason in merger.refused} <= FORBIDDEN
    assert_one_effect_each(company, mergers)
    assert_edits_are_there_once(company, editors)
    assert_whole(company)
    assert_trees_add_up(company, editors)
    for merger in mergers:
        merger.undo_all()
    assert {row[0]: row[1] for row in rows(company.suite, "customers", CUSTOMERS, company.id)} == {
        person: person for person in people
    }
    assert_whole(company)
    assert_edits_are_there_once(company, editors)


def assert_whole(company: Company) -> None:
    """No merge is half done, in any of the three databases."""
    assert_no_half_merge(company)
    assert_views_fold(company)
    assert_each_revision_was_fed_once(company)
    assert_mirrors_agree(company)
    assert_figures_are_a_recount(company)


def assert_one_effect_each(company: Company, mergers: list[Merger]) -> None:
    """One merge and one undo for each request id, and the judgement that an undo leaves."""
    log = rows(company.suite, "customers", LOG, company.id)
    asked = [merged.merge.merge_id for merger in mergers for _, merged in merger.merged.values()]
    undone = [(undo, answer.merge) for merger in mergers for undo, answer in merger.undone.values()]
    assert Counter(merge for merge, *_ in log) == Counter(asked)
    assert Counter(merge for merge, *_, at in log if at) == Counter(merge.merge_id for _, merge in undone)
    assert asked
    assert undone
    question = review_service_pb2.ListJudgementsRequest(page_size=1_000, include_retracted=True)
    judged = insist(company.reviews.ListJudgements, question).judgements
    decided = {
        (merge.merge_id, *sorted((merge.target_id, source)))
        for undo, merge in undone
        if not undo.leave_undecided
        for source in merge.source_ids
    }
    assert Counter((one.merge_id, one.left_id, one.right_id) for one in judged) == Counter(decided)


def assert_edits_are_there_once(company: Company, editors: list[Editor]) -> None:
    """Notes and sales are with the id that they were written for, and each tag is in one record."""
    suite = company.suite
    noted = [note for editor in editors for note in editor.noted]
    assert Counter(rows(suite, "customers", NOTES, company.id)) == Counter(noted)
    sold = [sale for editor in editors for sale in editor.sold]
    assert Counter(rows(suite, "analytics", SALES, company.id)) == Counter(sold)
    for tag in (tag for editor in editors for tag in editor.tagged):
        assert rows(suite, "customers", OWNERS, company.id, tag) == [(1,)], tag


def assert_trees_add_up(company: Company, editors: list[Editor]) -> None:
    """Each root shows the sales and notes of all in its tree."""
    notes = Counter(origin for editor in editors for origin, _ in editor.noted)
    sales = [sale for editor in editors for sale in editor.sold]
    trees: dict[str, list[str]] = {}
    for customer_id, root_id, _ in rows(company.suite, "customers", CUSTOMERS, company.id):
        trees.setdefault(root_id, []).append(customer_id)
    for root_id, members in trees.items():
        question = metrics_service_pb2.GetCustomerMetricsRequest(customer_id=root_id)
        metrics = insist(company.metrics.GetCustomerMetrics, question).metrics
        mine = [units for _, origin, units in sales if origin in members]
        assert metrics.total_purchases == len(mine)
        assert sum(total.total_spent.units for total in metrics.totals) == sum(mine)
        listed = insist(company.notes.ListNotes, note_service_pb2.ListNotesRequest(customer_id=root_id))
        assert listed.total_size == sum(notes[member] for member in members)

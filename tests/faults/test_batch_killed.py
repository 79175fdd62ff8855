"""A batch whose service is killed in its middle goes on where it was: every customer is changed, and once."""

import random
import threading
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import bulk_pb2 as pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import listing_pb2
from services.runtime.ids import new_id
from tests.faults.company import Company, code_of, held, kill_wholly
from tests.faults.people import import_people
from tests.faults.proofs import assert_each_revision_was_fed_once, assert_mirrors_agree, assert_views_fold, rows

PEOPLE = 2_400
A_PART = 250
HOLD = "SELECT FROM customers WHERE company_id = %s AND customer_id = ANY(%s::uuid[]) FOR UPDATE"
DONE = """
SELECT (SELECT count(*) FROM customers WHERE company_id = %(id)s AND lifecycle_stage = 'CUSTOMER'),
       (SELECT count(*) FROM customers WHERE company_id = %(id)s AND revision = 2),
       (SELECT count(*) FROM lifecycle_moves WHERE company_id = %(id)s),
       (SELECT count(*) FROM events WHERE company_id = %(id)s AND type = 'stage_changed'),
       (SELECT count(*) FROM feed WHERE company_id = %(id)s AND kind = 'STAGE_CHANGED'),
       (SELECT count(*) FROM audit_log WHERE company_id = %(id)s AND action = 'UPDATE')
"""


def done(company: Company) -> int:
    """How many customers are in the new stage; the history, the timeline, the feed and the audit tell the same."""
    [found] = rows(company.suite, "customers", DONE.replace("%(id)s", f"'{company.id}'"))
    assert len(set(found)) == 1, found
    return int(found[0])


def run_and_kill(company: Company, request: Any, last: list[str], chance: random.Random) -> list[Any]:
    """The parts that were answered before customers was killed somewhere among the others, of which the last waits."""
    with held(company.suite, "customers", HOLD, company.id, last):
        answers = company.customers.BatchChangeLifecycleStage(request)
        answered = [next(answers) for _ in range(chance.randrange(1, 3))]
        threading.Event().wait(chance.uniform(0, 0.1))  # where inside a part it strikes, not for anything to happen
        company.suite.kill("customers")
    kill_wholly(company.suite, "customers")
    with pytest.raises(grpc.RpcError) as caught:
        answered.extend(answers)
    assert code_of(caught.value) is grpc.StatusCode.UNAVAILABLE
    return answered


@pytest.mark.parametrize("by", ["ids", "filter"])
def test_a_killed_batch_goes_on_where_it_was(company: Company, chance: random.Random, by: str) -> None:
    ids = import_people(company, PEOPLE)
    request = pb.BatchChangeLifecycleStageRequest(
        stage=model.LIFECYCLE_STAGE_CUSTOMER, reason="fair", request_id=new_id()
    )
    if by == "ids":
        request.customer_ids.extend(ids)
    else:
        request.filter.CopyFrom(listing_pb2.CustomerFilter(lifecycle_stages=[model.LIFECYCLE_STAGE_PROSPECT]))
    answered = run_and_kill(company, request, [ids[-1], max(ids)], chance)
    kept = done(company)
    assert kept >= answered[-1].counts.done, "what was answered is there"
    assert kept < PEOPLE, "it was killed in the middle"
    assert kept % A_PART == 0, "no part is half there"
    company.suite.start("customers")
    again = list(company.customers.BatchChangeLifecycleStage(request))
    assert again[: len(answered)] == answered, "what was done is answered as before"
    assert again[-1].counts == pb.BatchCounts(total=PEOPLE, done=PEOPLE, changed=PEOPLE)
    assert sorted(outcome.customer_id for part in again for outcome in part.outcomes) == sorted(ids)
    assert done(company) == PEOPLE
    assert_each_revision_was_fed_once(company)
    assert_views_fold(company)
    assert_mirrors_agree(company)

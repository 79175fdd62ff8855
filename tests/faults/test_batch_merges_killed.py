"""BatchMerge and AutoMerge whose services are killed in their middle: sent again, each merge is made, and once."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_pb2, merge_batch_pb2
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.matching.v1 import auto_merge_pb2, batch_merge_pb2, matching_service_pb2
from services.runtime.ids import new_id
from tests.faults.company import Company, held, insist, may_be_repeated, reason_of, until
from tests.faults.people import import_people
from tests.faults.proofs import (
    LOG,
    assert_each_revision_was_fed_once,
    assert_mirrors_agree,
    assert_no_half_merge,
    assert_views_fold,
    rows,
)
from tests.faults.test_drain import ended_well, refuses

MERGES, TWINS, AUTOMATIC = 300, 300, 270
HOLD = "SELECT FROM customers WHERE company_id = %s AND customer_id = %s FOR UPDATE"
MERGED, ALREADY = merge_batch_pb2.BATCH_MERGE_RESULT_MERGED, merge_batch_pb2.BATCH_MERGE_RESULT_ALREADY
KILLED = ("customers", "matching", "postgres")


def run_and_kill(
    company: Company, send: Callable[[], Iterator[Any]], last: str, killed: str, chance: random.Random
) -> list[Any]:
    """The parts that were answered before a part of the suite was killed somewhere among the others.

    The customer `last`, of the last merge, is held: so the kill comes before the end.
    """
    with held(company.suite, "customers", HOLD, company.id, last):
        answered = [next(stream := send())]
        threading.Event().wait(chance.uniform(0, 0.3))  # where inside a part it strikes, not for anything to happen
        company.suite.kill(killed)
    with pytest.raises(grpc.RpcError) as caught:
        answered.extend(stream)
    assert may_be_repeated(caught.value), caught.value
    company.suite.start(killed)
    return answered


def again(send: Callable[[], Iterator[Any]]) -> list[Any]:
    """All parts of a stream in the end: the same request again for as long as the failure says that it may be."""

    def whole() -> list[Any] | None:
        try:
            return list(send())
        except grpc.RpcError as error:
            if not may_be_repeated(error):
                raise
            return None

    return until(whole, "the stream is answered to its end")


def assert_whole(company: Company, merges: dict[frozenset[str], str]) -> None:
    """Each merge that was answered is in the log once and no other one, and all that tells of merges agrees."""
    log = rows(company.suite, "customers", LOG, company.id)
    assert Counter(frozenset((target, *sources)) for _, target, sources, _ in log) == Counter(merges.keys())
    assert {merge for merge, *_ in log} == set(merges.values())
    assert_no_half_merge(company)
    assert_views_fold(company)
    assert_each_revision_was_fed_once(company)
    assert_mirrors_agree(company)


@pytest.mark.parametrize("killed", KILLED)
def test_a_killed_batch_of_merges_goes_on_where_it_was(company: Company, chance: random.Random, killed: str) -> None:
    people = import_people(company, 2 * MERGES)
    items = [
        batch_merge_pb2.MergeItem(target_id=people[at], source_ids=[people[at + 1]]) for at in range(0, 2 * MERGES, 2)
    ]
    request = batch_merge_pb2.BatchMergeRequest(merges=items, request_id=new_id())
    answered = run_and_kill(company, lambda: company.merges.BatchMerge(request), people[-1], killed, chance)
    before = [outcome for part in answered for outcome in part.outcomes]
    after = [outcome for part in again(lambda: company.merges.BatchMerge(request)) for outcome in part.outcomes]
    assert len(after) == MERGES
    assert [outcome.merge_id for outcome in after[: len(before)]] == [outcome.merge_id for outcome in before]
    assert {outcome.result for outcome in after} <= {MERGED, ALREADY}
    ids = [outcome.merge_id for outcome in after]
    assert_whole(company, {frozenset((one.target_id, *one.source_ids)): ids[place] for place, one in enumerate(items)})


@pytest.mark.parametrize("stopped", ["customers", "matching"])
def test_a_batch_of_merges_says_that_its_service_is_being_stopped_and_goes_on_later(
    company: Company, stopped: str
) -> None:
    people = import_people(company, 2 * MERGES)
    items = [
        batch_merge_pb2.MergeItem(target_id=people[at], source_ids=[people[at + 1]]) for at in range(0, 2 * MERGES, 2)
    ]
    request = batch_merge_pb2.BatchMergeRequest(merges=items, request_id=new_id())
    with held(company.suite, "customers", HOLD, company.id, people[-1]):  # so that the last part cannot end
        stream = company.merges.BatchMerge(request)
        before = list(next(stream).outcomes)
        company.suite.services[stopped].ask_to_stop()
        until(lambda: refuses(company.suite, stopped), f"{stopped} is being stopped")
    with pytest.raises(grpc.RpcError) as caught:
        before += [outcome for part in stream for outcome in part.outcomes]
    ended_well(company.suite.services[stopped])
    assert (reason_of(caught.value), may_be_repeated(caught.value)) == ("SHUTTING_DOWN", True)
    company.suite.start(stopped)
    after = [outcome for part in again(lambda: company.merges.BatchMerge(request)) for outcome in part.outcomes]
    assert [outcome.result for outcome in after[: len(before)]] == [ALREADY] * len(before)
    assert len(rows(company.suite, "customers", LOG, company.id)) == MERGES


def import_twins(company: Company, pairs: int) -> None:
    """Customers of whom two by two are surely one."""
    drafts = [
        customer_pb2.Customer(
            name=f"{_name(pair)} {_name(pair * 7 + 3)}", email=f"{_name(pair)}{pair}@mail{pair}.example"
        )
        for pair in range(pairs)
        for _ in range(2)
    ]
    for place, draft in enumerate(drafts):
        draft.phone = f"+1 415 {200 + place // 2 // 10_000:03} {place // 2 % 10_000:04}"
    batch = [import_pb.ImportRow(row_number=place, customer=draft) for place, draft in enumerate(drafts, 1)]
    parts = [
        import_pb.ImportCustomersRequest(options=import_pb.ImportOptions()),
        import_pb.ImportCustomersRequest(rows=import_pb.ImportRows(rows=batch)),
    ]
    (response,) = company.imports.ImportCustomers(iter(parts))
    assert response.counts.created == 2 * pairs


def _name(number: int) -> str:
    """A name of letters, another one for each number."""
    letters = ""
    while number or not letters:
        number, letter = divmod(number, 20)
        letters += "bcdfghjklmnpqrstvwxz"[letter] + "aeiou"[letter % 5]
    return letters.capitalize() + "ner"


def scan(company: Company) -> None:
    """Find the groups of all that is committed."""
    asked = matching_service_pb2.ScanDuplicatesRequest(at_least_as_fresh=company.everything())
    begun = insist(company.matching.ScanDuplicates, asked).scan
    get = matching_service_pb2.GetScanRequest(scan_id=begun.scan_id)
    at_work = (matching_service_pb2.SCAN_STATE_PENDING, matching_service_pb2.SCAN_STATE_RUNNING)
    until(lambda: insist(company.matching.GetScan, get).scan.state not in at_work, "the scan has ended")
    ended = insist(company.matching.GetScan, get).scan
    assert ended.state == matching_service_pb2.SCAN_STATE_DONE, ended


@pytest.mark.parametrize("killed", KILLED)
def test_a_killed_automatic_merge_goes_on_with_the_same_groups(
    company: Company, chance: random.Random, killed: str
) -> None:
    import_twins(company, TWINS)
    scan(company)
    *_, end = company.merges.AutoMerge(auto_merge_pb2.AutoMergeRequest(max_merges=AUTOMATIC, dry_run=True))
    request = auto_merge_pb2.AutoMergeRequest(max_merges=AUTOMATIC, request_id=new_id())
    last = end.outcomes[-1].target_id
    answered = run_and_kill(company, lambda: company.merges.AutoMerge(request), last, killed, chance)
    parts = again(lambda: company.merges.AutoMerge(request))
    before = [outcome for part in answered for outcome in part.outcomes]
    after = [outcome for part in parts for outcome in part.outcomes]
    made = [outcome for outcome in after if outcome.merge_id]
    assert len(made) == parts[-1].counts.merged + parts[-1].counts.already > TWINS // 2
    assert len(made) <= AUTOMATIC, "no more than asked for, however often it is sent"
    known = {outcome.group_id: outcome.merge_id for outcome in after}
    assert all(known[outcome.group_id] == outcome.merge_id for outcome in before if outcome.merge_id)
    assert_whole(company, {frozenset((one.target_id, *one.source_ids)): one.merge_id for one in made})

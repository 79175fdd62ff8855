"""Scans: asked for, taken by a worker, run, listed, cancelled, lost; and groups that stay right afterwards."""

import time

import pytest

from services.matching.domain.failures import ScanEnded, ScanNotFound
from services.matching.domain.scan import Scan, ScanTotals
from services.matching.operations.cancel_scan import cancel_scan
from services.matching.operations.get_scan import get_scan
from services.matching.operations.hold_scan import MOST_ATTEMPTS, claim_scan, fail_scan, give_back_scan, keep_scan
from services.matching.operations.run_scan import Limits, ScanLost, run_scan
from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from tests.benchmarks.generated import generate
from tests.integration.matching.people import ANN, ANNE, BOB, Company, change, customer_id, ids

GIVEN = ("Alma", "Boris", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hugo")
FAMILY = ("Okafor", "Lindqvist", "Marchetti", "Nakamura", "Petrov", "Quiroga", "Rasmussen", "Sokolov", "Tanaka")


def stranger(number: int) -> dict[str, str]:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
    return {
        "name": f"{given} {family}",
        "email": f"{given}.{family}{number}@mail{number}.example",
        "phone": f"+1 303 555 {number + 1000}",
    }


@pytest.fixture
def people(company: Company) -> Company:
    """Two groups, Ann (1, 2, 3) and Bob (4, 5), among forty strangers."""
    company.follow(
        *[change(number, **(ANN if number % 2 else ANNE)) for number in (1, 2, 3)],
        *[change(number, **BOB) for number in (4, 5)],
        *[change(number, **stranger(number)) for number in range(10, 50)],
    )
    return company


def standing(company: Company, scan_id: str) -> Scan:
    with company.database.transaction(company.scope, read_only=True) as tx:
        return get_scan(tx, scan_id)


def cancel(company: Company, scan_id: str) -> Scan:
    with company.database.transaction(company.scope) as tx:
        return cancel_scan(tx, scan_id)


def forget_heartbeats(company: Company) -> None:
    with company.database.transaction(company.scope) as tx:
        tx.execute("UPDATE scans SET heartbeat_at = heartbeat_at - interval '1 minute'")


def test_a_scan_finds_the_groups(people: Company) -> None:
    totals = people.scan()
    assert sorted(people.groups(), key=len) == [ids(4, 5), ids(1, 2, 3)]
    assert (totals.customers, totals.groups, totals.grouped_customers) == (45, 2, 5)
    page = people.page()
    assert page.total == 2
    assert page.scan is not None
    assert (page.scan.state, page.scan.progress, page.scan.groups) == ("DONE", 1.0, 2)
    assert page.scan.model_version


def test_nothing_is_listed_before_a_scan_has_finished(people: Company) -> None:
    people.ask_for_scan()
    page = people.page()
    assert (page.groups, page.total, page.scan) == ((), 0, None)


def test_the_master_is_the_most_complete_record_and_then_the_oldest(people: Company) -> None:
    people.follow(change(5, 2, birth_date={"year": 1980, "month": 2, "day": 3}, **BOB))
    people.scan()
    masters = {group.master_id for group in people.page().groups}
    assert masters == ids(1, 5)


def test_exact_equals_are_recommended_to_be_merged(people: Company) -> None:
    people.scan()
    assert {group.recommended_action() for group in people.page().groups} == {"MERGE"}


def test_groups_keep_their_ids_when_nothing_changed(people: Company) -> None:
    people.scan()
    before = {group.group_id for group in people.page().groups}
    people.scan()
    assert {group.group_id for group in people.page().groups} == before
    assert people.value("SELECT count(*) FROM duplicate_groups") == 2


def test_pages_follow_one_another_without_gap_or_repetition(company: Company) -> None:
    company.follow(*[change(number, **stranger(number)) for number in range(10, 80)])
    company.follow(*[change(number + 100, **stranger(number)) for number in range(10, 17)])
    company.scan()
    seen: list[str] = []
    page = company.page(size=3)
    while page.next_page_token:
        seen += [group.group_id for group in page.groups]
        page = company.page(size=3, token=page.next_page_token)
    seen += [group.group_id for group in page.groups]
    assert len(seen) == len(set(seen)) == page.total == 7


def test_a_page_token_belongs_to_its_question(people: Company) -> None:
    people.scan()
    token = people.page(size=1).next_page_token
    with pytest.raises(PageTokenMismatch):
        people.page(min_confidence=50, size=1, token=token)
    with pytest.raises(FieldsInvalid):
        people.page(size=1, token="rubbish")


def test_a_merge_inside_a_group_makes_it_smaller_and_the_undo_restores_it(people: Company) -> None:
    people.scan()
    people.follow(change(2, 2, state="MERGED", merged_into=1, **ANNE), change(1, 2, members=[2], **ANN))
    assert ids(1, 3) in people.groups()
    people.follow(change(2, 3, **ANNE), change(1, 3, **ANN))
    assert ids(1, 2, 3) in people.groups()


def test_a_group_with_one_member_left_is_not_listed(people: Company) -> None:
    people.scan()
    people.follow(change(4, 2, state="DELETED", **BOB))
    page = people.page()
    assert people.groups() == [ids(1, 2, 3)]
    assert page.total == 1
    people.follow(change(4, 3, **BOB))
    assert people.page().total == 2


def test_one_scan_of_a_company_runs_at_a_time(people: Company, other_company: Company) -> None:
    first = people.ask_for_scan()
    assert people.ask_for_scan() == first
    people.take_scan()
    assert people.ask_for_scan() == first
    assert other_company.ask_for_scan() != first


def test_a_cancelled_scan_stores_nothing_and_the_groups_before_stay(people: Company) -> None:
    people.scan()
    scan_id = people.ask_for_scan()
    job = people.take_scan()
    assert cancel(people, scan_id).state == "CANCELLED"
    assert not keep_scan(people.database, job, ScanTotals())
    with pytest.raises(ScanLost):
        people.run(job)
    assert standing(people, scan_id).state == "CANCELLED"
    assert len(people.groups()) == 2
    people.scan()
    assert people.value("SELECT count(*) FROM duplicate_groups") == 2


def test_an_ended_scan_cannot_be_cancelled(people: Company) -> None:
    scan_id = people.ask_for_scan()
    cancel(people, scan_id)
    with pytest.raises(ScanEnded):
        cancel(people, scan_id)


@pytest.mark.parametrize("scan_id", [customer_id(1), "no id"])
def test_unknown_scans_are_not_found(people: Company, scan_id: str) -> None:
    with pytest.raises(ScanNotFound):
        cancel(people, scan_id)


def test_a_scan_of_another_company_is_not_found(people: Company, other_company: Company) -> None:
    scan_id = people.ask_for_scan()
    with pytest.raises(ScanNotFound):
        standing(other_company, scan_id)
    with pytest.raises(ScanNotFound):
        cancel(other_company, scan_id)
    people.run(people.take_scan())
    assert other_company.page().scan is None


def test_a_scan_whose_worker_is_gone_is_run_again_by_another(people: Company) -> None:
    people.ask_for_scan()
    lost = people.take_scan("first")
    assert claim_scan(people.upkeep, "second") is None
    forget_heartbeats(people)
    again = people.take_scan("second")
    assert again.scan_id == lost.scan_id
    with pytest.raises(ScanLost):
        people.run(lost)
    people.run(again)
    assert len(people.groups()) == 2


def test_a_scan_that_loses_its_worker_again_and_again_is_given_up(people: Company) -> None:
    scan_id = people.ask_for_scan()
    for attempt in range(MOST_ATTEMPTS):
        people.take_scan(f"worker {attempt}")
        forget_heartbeats(people)
    assert claim_scan(people.upkeep, "another") is None
    ended = standing(people, scan_id)
    assert (ended.state, ended.failure) == (
        "FAILED",
        "The process that ran the scan ended 3 times. Start another scan.",
    )


def test_a_worker_that_stops_gives_its_scan_back(people: Company) -> None:
    scan_id = people.ask_for_scan()
    give_back_scan(people.database, people.take_scan("first"))
    assert standing(people, scan_id).state == "PENDING"
    people.run(people.take_scan("second"))
    assert standing(people, scan_id).state == "DONE"


def test_a_failed_scan_says_why(people: Company) -> None:
    scan_id = people.ask_for_scan()
    fail_scan(people.database, people.take_scan(), "It was too much.")
    failed = standing(people, scan_id)
    assert (failed.state, failed.failure) == ("FAILED", "It was too much.")
    assert failed.ended_at is not None


def test_a_member_that_is_merged_while_the_scan_runs_is_not_listed(people: Company) -> None:
    people.ask_for_scan()
    job = people.take_scan()
    told: list[float] = []

    def merge_once(totals: ScanTotals) -> None:
        if not told:
            people.follow(change(5, 2, state="MERGED", merged_into=4, **BOB))
        told.append(totals.progress)

    run_scan(people.database, job, Limits(threads=1), merge_once)
    assert people.groups() == [ids(1, 2, 3)]
    assert told == sorted(told)


def test_a_scan_of_an_empty_company_finds_nothing(company: Company) -> None:
    assert company.scan().groups == 0
    assert company.page().total == 0


def test_a_scan_of_a_thousand_customers_takes_less_than_two_seconds_of_work(company: Company) -> None:
    rows = generate(1000, seed=5).rows
    for start in range(0, 1000, 500):
        part = enumerate(rows[start : start + 500], start + 1)
        company.follow(
            *[change(number, name=one[0], email=one[1], phone=one[2], address=one[3]) for number, one in part]
        )

    def work() -> float:
        company.ask_for_scan()
        job = company.take_scan()
        begun = time.process_time()
        totals = company.run(job)
        assert (totals.customers, totals.groups > 20) == (1000, True)
        return time.process_time() - begun

    # What else a machine does makes the same work cost more.
    assert any(work() < 2.0 for _ in range(4))

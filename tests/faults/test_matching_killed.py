"""Matching is killed in a scan and while it follows: groups stay listed, the scan ends, the mirror is whole."""

import os
import random
import select
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg

from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.matching.v1 import matching_service_pb2 as pb
from services.runtime.ids import new_id
from tests.faults.company import LONG_S, Company, admin_url, held, insist, until
from tests.faults.proofs import assert_mirrors_agree, transaction
from tests.faults.test_import_killed import BATCHES, ROWS_A_BATCH, Batches, requests, the_file

ENDED = {pb.SCAN_STATE_DONE, pb.SCAN_STATE_CANCELLED, pb.SCAN_STATE_FAILED}
# What a worker that died leaves is taken over fifteen seconds after its last word; this moves the word, not the clock.
LAST_WORD = "UPDATE scans SET heartbeat_at = clock_timestamp() + %s::interval WHERE scan_id = %s"
NOT_YET_SILENT, SILENT = "1 hour", "-1 minute"

FOLLOWED = "SELECT count(*) FROM match_records WHERE company_id = %s"
HALF = BATCHES * ROWS_A_BATCH // 2
HOLD = "LOCK TABLE duplicate_groups IN SHARE MODE"
WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'duplicate_groups'::regclass AND NOT granted)"


def start_scan(company: Company, token: str = "") -> str:
    request = pb.ScanDuplicatesRequest(at_least_as_fresh=token, request_id=new_id())
    return insist(company.matching.ScanDuplicates, request).scan.scan_id


def scan_of(company: Company, scan_id: str) -> pb.Scan:
    return insist(company.matching.GetScan, pb.GetScanRequest(scan_id=scan_id)).scan


def ended_scan(company: Company, scan_id: str) -> pb.Scan:
    def ended() -> pb.Scan | None:
        scan = scan_of(company, scan_id)
        return scan if scan.state in ENDED else None

    found = until(ended, f"scan {scan_id} ends")
    assert found is not None
    return found


def listed(company: Company) -> pb.ListDuplicateGroupsResponse:
    return insist(company.matching.ListDuplicateGroups, pb.ListDuplicateGroupsRequest(page_size=1_000))


def members(listed: pb.ListDuplicateGroupsResponse) -> set[frozenset[str]]:
    return {frozenset(member.customer_id for member in group.members) for group in listed.groups}


def children_of(pid: int) -> list[int]:
    """The processes that run the scans of a service; threads that end meanwhile have none."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, (task / "children").read_text().split())
    return found


def kill_scanning(company: Company) -> None:
    """Kills matching while it runs a scan, whose process ends with it."""
    service = company.suite.services["matching"].process.pid
    processes = [os.pidfd_open(child) for child in until(lambda: children_of(service), "the scan runs")]
    company.suite.kill("matching")
    for process in processes:
        assert select.select([process], [], [], LONG_S)[0], "the process of the scan ends with its service"
        os.close(process)


def at_work(_: psycopg.Connection, chance: random.Random) -> None:
    """It is killed while the scan begins, reads or compares."""
    threading.Event().wait(chance.uniform(0, 0.3))


def storing(holder: psycopg.Connection, _: random.Random) -> None:
    """It is killed while the scan stores what it has found."""
    until(lambda: holder.execute(WAITING).fetchone() == (True,), "the scan stores its groups")


def killed_scan(company: Company, chance: random.Random) -> str:
    """A scan that was killed somewhere before its end, which it could not come to."""
    with held(company.suite, "matching", HOLD) as holder:
        scan_id = start_scan(company)
        running = pb.SCAN_STATE_RUNNING
        until(lambda: scan_of(company, scan_id).state == running, lambda: f"it runs: {scan_of(company, scan_id)}")
        chance.choice([at_work, storing])(holder, chance)
        kill_scanning(company)
    return scan_id


def put_last_word(company: Company, scan_id: str, when: str) -> None:
    with transaction(company, "matching", "runtime") as tx:
        tx.execute(LAST_WORD, (when, scan_id))


def test_a_killed_scan_ends_a_new_one_works_and_groups_stay_listed(company: Company, chance: random.Random) -> None:
    *_, imported = company.imports.ImportCustomers(requests(the_file(BATCHES // 8)))
    first = ended_scan(company, start_scan(company, imported.change_token))
    assert first.state == pb.SCAN_STATE_DONE
    before = listed(company)
    assert before.groups

    killed = killed_scan(company, chance)
    put_last_word(company, killed, NOT_YET_SILENT)
    company.suite.start("matching")
    assert listed(company) == before
    assert start_scan(company) == killed, "it has not ended, so it is the one that runs"
    put_last_word(company, killed, SILENT)
    again = ended_scan(company, killed)
    assert (again.state, again.groups) == (pb.SCAN_STATE_DONE, first.groups)
    assert members(listed(company)) == members(before)
    assert listed(company).scan.scan_id == killed
    new = start_scan(company)
    assert new not in {first.scan_id, killed}
    assert ended_scan(company, new).state == pb.SCAN_STATE_DONE


def in_halves(file: Batches, go_on: threading.Event) -> Iterator[import_pb.ImportCustomersRequest]:
    """The second half once it is asked for, so that there is something left to follow after a kill."""
    yield from requests(file[: BATCHES // 2])
    go_on.wait()
    yield from list(requests(file))[1 + BATCHES // 2 :]


def test_killed_while_it_follows_it_goes_on_where_it_was(company: Company, chance: random.Random) -> None:
    def followed() -> int:
        row = looking.execute(FOLLOWED, (company.id,)).fetchone()
        assert row is not None
        return int(row[0])

    def are_followed(wanted: int) -> bool:
        return followed() >= wanted

    go_on = threading.Event()
    answers = company.imports.ImportCustomers(in_halves(the_file(), go_on))
    answers.add_callback(go_on.set)
    looks = psycopg.connect(admin_url(company.suite, "matching"), autocommit=True)
    with looks as looking, ThreadPoolExecutor(1) as threads:
        importing = threads.submit(list, answers)
        try:
            for half in range(2):
                wanted = half * HALF + chance.randrange(100, 700)
                until(partial(are_followed, wanted), f"{wanted} customers are followed", at_work=[importing])
                threading.Event().wait(chance.uniform(0, 0.03))  # where inside the next batch it strikes
                company.suite.kill("matching")
                company.suite.start("matching")
                go_on.set()
        finally:
            go_on.set()
        *_, last = importing.result()
        assert followed() <= last.counts.created
        assert_mirrors_agree(company)
        assert followed() == last.counts.created

"""Matching is killed in a scan and while it follows: groups stay listed, the scan ends, the mirror is whole."""

import os
import random
import select
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from patronage.matching.v1 import matching_service_pb2 as pb
from services.local.postgres import Postgres
from services.runtime.ids import new_id
from tests.faults.company import Company, insist, until
from tests.faults.proofs import MATCHING, assert_mirrors_agree, rows, transaction
from tests.faults.test_import_killed import BATCHES, requests, the_file

ENDED = {pb.SCAN_STATE_DONE, pb.SCAN_STATE_CANCELLED, pb.SCAN_STATE_FAILED}
# What a worker that died leaves is taken over fifteen seconds after its last word; this moves the word, not the clock.
FALL_SILENT = "UPDATE scans SET heartbeat_at = heartbeat_at - interval '1 minute' WHERE scan_id = %s"

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
    """The processes that run the scans of a service."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def kill_scanning(company: Company) -> None:
    """Kills matching while it runs a scan, whose process ends with it."""
    service = company.suite.services["matching"].process.pid
    (process,) = (os.pidfd_open(child) for child in until(lambda: children_of(service), "the scan runs"))
    company.suite.kill("matching")
    assert select.select([process], [], [], 10)[0], "the process of the scan ends with its service"
    os.close(process)


def at_work(company: Company, chance: random.Random) -> None:
    """It is killed while the scan begins, reads or compares."""
    until(lambda: children_of(company.suite.services["matching"].process.pid), "the scan runs")
    threading.Event().wait(chance.uniform(0, 0.3))
    kill_scanning(company)


def storing(company: Company, _: random.Random) -> None:
    """It is killed while the scan stores what it has found."""
    assert isinstance(company.suite.postgres, Postgres)
    with psycopg.connect(company.suite.postgres.admin_url("patronage_matching")) as holder:
        holder.execute("LOCK TABLE duplicate_groups IN SHARE MODE")
        until(lambda: holder.execute(WAITING).fetchone() == (True,), "the scan stores its groups")
        kill_scanning(company)


def test_a_killed_scan_ends_a_new_one_works_and_groups_stay_listed(company: Company, chance: random.Random) -> None:
    *_, imported = company.imports.ImportCustomers(requests(the_file(BATCHES // 8)))
    first = ended_scan(company, start_scan(company, imported.change_token))
    assert first.state == pb.SCAN_STATE_DONE
    before = listed(company)
    assert before.groups

    killed = start_scan(company)
    chance.choice([at_work, storing])(company, chance)
    company.suite.start("matching")
    assert listed(company) == before
    assert start_scan(company) == killed, "it has not ended, so it is the one that runs"
    with transaction(company, "matching", "runtime") as tx:
        tx.execute(FALL_SILENT, (killed,))
    again = ended_scan(company, killed)
    assert (again.state, again.groups) == (pb.SCAN_STATE_DONE, first.groups)
    assert members(listed(company)) == members(before)
    assert listed(company).scan.scan_id == killed
    new = start_scan(company)
    assert new not in {first.scan_id, killed}
    assert ended_scan(company, new).state == pb.SCAN_STATE_DONE


def test_killed_while_it_follows_it_goes_on_where_it_was(company: Company, chance: random.Random) -> None:
    def followed() -> int:
        return len(rows(company.suite, "matching", MATCHING, company.id))

    with ThreadPoolExecutor(1) as threads:
        importing = threads.submit(lambda: list(company.imports.ImportCustomers(requests(the_file()))))
        for _ in range(2):
            wanted = followed() + chance.randrange(100, 700)
            until(lambda wanted=wanted: followed() >= wanted, f"{wanted} customers are followed")  # type: ignore[misc]
            threading.Event().wait(chance.uniform(0, 0.03))  # where inside the next batch it strikes
            company.suite.kill("matching")
            company.suite.start("matching")
        *_, last = importing.result()
    assert followed() <= last.counts.created
    assert_mirrors_agree(company)
    assert followed() == last.counts.created

"""The whole service against a customers service that a test scripts: followed, asked, merged, scanned."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.matching.v1 import matching_service_pb2 as pb
from patronage.matching.v1 import matching_service_pb2_grpc as matching_grpc
from patronage.matching.v1 import merge_service_pb2 as merge
from patronage.matching.v1 import merge_service_pb2_grpc as merge_grpc
from services.matching import scan_worker
from services.matching.app import build_app
from services.matching.settings import MatchingSettings
from services.runtime.app import App
from services.runtime.freshness import ChangeToken
from services.runtime.tokens_jwt import issue_token
from tests.fixtures.databases import ServiceDatabase
from tests.integration.matching.fake_customers import EPOCH, FakeCustomers
from tests.integration.matching.people import ANN, ANNE, change, customer_id
from tests.integration.matching.test_scans import stranger

SECRET = "a secret that is long enough for HS256"
SCOPES = ("matching:read", "matching:write", "matching:admin", "merge:write")
REQUEST_ID = "0190b0b0-0000-7000-8000-000000000001"
LONG_S = 60.0
ENDED = (pb.SCAN_STATE_DONE, pb.SCAN_STATE_CANCELLED, pb.SCAN_STATE_FAILED)


@dataclass
class Service:
    """The running service and its clients."""

    app: App
    channel: grpc.Channel

    def token(self, company_id: str = "acme") -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {issue_token(SECRET, 'ann', 'Ann', company_id, SCOPES)}"),)

    @property
    def matching(self) -> matching_grpc.MatchingServiceStub:
        return matching_grpc.MatchingServiceStub(self.channel)

    @property
    def merges(self) -> merge_grpc.MergeServiceStub:
        return merge_grpc.MergeServiceStub(self.channel)

    def run_scans(self) -> None:
        """Run what was asked for and what will be."""
        [worker] = [work for work in self.app.background if isinstance(work, scan_worker.ScanWorker)]
        worker.start()

    def ended_scan(self, scan_id: str) -> pb.Scan:
        """The scan once it has ended."""
        scan, tick = pb.Scan(), threading.Event()
        while scan.state not in ENDED:
            tick.wait(0.02)
            scan = self.matching.GetScan(pb.GetScanRequest(scan_id=scan_id), metadata=self.token()).scan
        return scan


@pytest.fixture
def customers() -> Iterator[FakeCustomers]:
    fake = FakeCustomers()
    yield fake
    fake.stop()


@pytest.fixture
def start(matching_database: ServiceDatabase) -> Iterator[Callable[[str], Service]]:
    """Starts the service against a customers service; scans wait until `run_scans`."""
    stops: list[Callable[[], None]] = []

    def start_one(customers: str) -> Service:
        settings = MatchingSettings.model_validate(
            {
                "listen": "127.0.0.1:0",
                "database_url": matching_database.runtime_url,
                "upkeep_database_url": matching_database.upkeep_url,
                "customers": customers,
                "plaintext": True,
                "token_secret": SECRET,
                "service_token": issue_token(SECRET, "matching", "", "*", ("feed:read", "merge:apply")),
                "scan_threads": 1,
            }
        )
        app = build_app(settings)
        server = app.server()
        server.start()
        for work in app.background:
            if not isinstance(work, scan_worker.ScanWorker):
                work.start()
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
        stops.extend((channel.close, server.stop, *[work.stop for work in app.background], app.close))
        return Service(app, channel)

    yield start_one
    for stop in stops:
        stop()


@pytest.fixture
def service(start: Callable[[str], Service], customers: FakeCustomers) -> Service:
    return start(customers.target)


@pytest.fixture
def scanning(service: Service) -> Service:
    """The service with what runs scans, in a process of its own."""
    service.run_scans()
    return service


def read_after(xid: int) -> str:
    return ChangeToken(EPOCH, xid).encode()


def failure_of(error: grpc.RpcError) -> tuple[str, str]:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return code_pb2.Code.Name(status.code), info.reason


def test_a_write_in_customers_is_found_by_its_change_token(service: Service, customers: FakeCustomers) -> None:
    customers.send("acme", change(1, **ANN), snapshot_done=True)
    xid = customers.send("acme", change(2, **ANNE))
    request = pb.FindDuplicatesRequest(customer_id=customer_id(1), at_least_as_fresh=read_after(xid))
    answer = service.matching.FindDuplicates(request, metadata=service.token(), timeout=LONG_S)
    (candidate,) = answer.candidates
    assert (candidate.customer_id, candidate.name, candidate.email) == (customer_id(2), "Anne Lee", ANN["email"])
    assert candidate.score.confidence >= 90
    assert set(candidate.matched_fields) == {"email", "phone", "name"}
    assert answer.freshness.age_seconds < LONG_S
    assert answer.model_version


def test_after_an_expired_cursor_what_no_longer_exists_is_swept(
    start: Callable[[str], Service], customers: FakeCustomers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.matching.upkeep.LOOK_EVERY_S", 0.05)
    service = start(customers.target)
    customers.send("acme", change(1, **ANN), change(2, **ANNE), snapshot_done=True)
    customers.expire()
    xid = customers.send("acme", change(1, **ANN), snapshot_done=True)
    request = pb.FindDuplicatesRequest(customer_id=customer_id(1), at_least_as_fresh=read_after(xid))
    found = service.matching.FindDuplicates(request, metadata=service.token(), timeout=LONG_S)
    while found.candidates:
        found = service.matching.FindDuplicates(request, metadata=service.token(), timeout=LONG_S)
    assert customers.cursors == ["", ""]


def test_a_record_from_outside_is_matched(service: Service, customers: FakeCustomers) -> None:
    xid = customers.send("acme", change(1, **ANN))
    record = customer_pb2.Customer(name="Anne Lee", email="Ann.Lee@Example.com")
    request = pb.MatchRecordRequest(record=record, at_least_as_fresh=read_after(xid))
    answer = service.matching.MatchRecord(request, metadata=service.token(), timeout=LONG_S)
    assert [candidate.customer_id for candidate in answer.candidates] == [customer_id(1)]
    assert answer.compared == 1


def test_an_explanation_is_a_sum(service: Service, customers: FakeCustomers) -> None:
    xid = customers.send("acme", change(1, **ANN), change(2, **ANNE))
    request = pb.ExplainMatchRequest(left_id=customer_id(1), right_id=customer_id(2), at_least_as_fresh=read_after(xid))
    account = service.matching.ExplainMatch(request, metadata=service.token(), timeout=LONG_S).explanation
    parts = [one.weight + one.term_frequency_adjustment for one in account.comparisons]
    assert account.prior_weight + sum(parts) == pytest.approx(account.score.match_weight, abs=1e-4)
    assert "phone:+12125550147" in account.shared_keys


@pytest.mark.usefixtures("early_answers")
def test_a_read_that_is_not_yet_followed_says_so_before_its_deadline(
    service: Service, customers: FakeCustomers
) -> None:
    customers.send("acme", change(1, **ANN))
    request = pb.FindDuplicatesRequest(customer_id=customer_id(1), at_least_as_fresh=read_after(10_000))
    with pytest.raises(grpc.RpcError) as error:
        service.matching.FindDuplicates(request, metadata=service.token(), timeout=30)
    assert failure_of(error.value) == ("UNAVAILABLE", "NOT_YET_FRESH")


ASKS: dict[str, Callable[[Service, str], Any]] = {
    "FindDuplicates": lambda s, one: s.matching.FindDuplicates(
        pb.FindDuplicatesRequest(customer_id=one), metadata=s.token("other")
    ),
    "ExplainMatch": lambda s, one: s.matching.ExplainMatch(
        pb.ExplainMatchRequest(left_id=one, right_id=one), metadata=s.token("other")
    ),
    "GetScan": lambda s, one: s.matching.GetScan(pb.GetScanRequest(scan_id=one), metadata=s.token("other")),
    "CancelScan": lambda s, one: s.matching.CancelScan(pb.CancelScanRequest(scan_id=one), metadata=s.token("other")),
}


@pytest.mark.parametrize("method", ASKS)
def test_ids_of_another_company_answer_as_unknown_ones(service: Service, customers: FakeCustomers, method: str) -> None:
    xid = customers.send("acme", change(1, **ANN), change(2, **ANNE))
    request = pb.ScanDuplicatesRequest(at_least_as_fresh=read_after(xid))
    scan = service.matching.ScanDuplicates(request, metadata=service.token(), timeout=LONG_S).scan
    theirs = scan.scan_id if "Scan" in method else customer_id(1)
    answers = set()
    for one in (theirs, customer_id(77), "no id"):
        with pytest.raises(grpc.RpcError) as error:
            ASKS[method](service, one)
        answers.add((*failure_of(error.value), (error.value.details() or "").replace(one, "ID")))
    assert len(answers) == 1
    assert next(iter(answers))[0] == "NOT_FOUND"


def test_every_bad_field_is_named(service: Service) -> None:
    request = pb.FindDuplicatesRequest(min_confidence=101, limit=-1)
    with pytest.raises(grpc.RpcError) as error:
        service.matching.FindDuplicates(request, metadata=service.token())
    assert failure_of(error.value) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    for field in ("customer_id", "min_confidence", "limit"):
        assert field in (error.value.details() or "")


def test_a_merge_goes_to_customers_on_behalf_of_the_caller(service: Service, customers: FakeCustomers) -> None:
    answer = storage.ApplyMergeResponse(change_token="t")
    answer.merge.merge_id = "m"
    customers.answer = lambda request, context: answer
    request = merge.MergeCustomersRequest(
        target_id=customer_id(1),
        source_ids=[customer_id(2)],
        request_id=REQUEST_ID,
        reason="the same person",
        allow_unpreviewed=True,
    )
    merged = service.merges.MergeCustomers(request, metadata=service.token())
    service.merges.MergeCustomers(request, metadata=service.token())
    service.merges.MergeCustomers(request, metadata=service.token("other"))
    assert (merged.merge.merge_id, merged.change_token) == ("m", "t")
    (asked, metadata), (again, _), (elsewhere, _) = customers.asked
    assert asked.on_behalf_of_name == "Ann"
    assert (asked.on_behalf_of, asked.reason, list(asked.source_ids)) == ("ann", "the same person", [customer_id(2)])
    assert metadata["company-id"] == "acme"
    assert asked.merge_id == again.merge_id != elsewhere.merge_id


def test_an_undo_goes_to_customers(service: Service, customers: FakeCustomers) -> None:
    customers.answer = lambda request, context: storage.RevertMergeResponse(
        merge=storage.MergeRecord(merge_id=customer_id(9)), change_token="t"
    )
    request = merge.UndoMergeRequest(merge_id=customer_id(9), request_id=REQUEST_ID, leave_undecided=True)
    assert service.merges.UndoMerge(request, metadata=service.token()).change_token == "t"
    ((asked, _),) = customers.asked
    assert (asked.merge_id, asked.request_id, asked.leave_undecided) == (customer_id(9), REQUEST_ID, True)
    assert (asked.on_behalf_of, asked.on_behalf_of_name) == ("ann", "Ann")


def test_what_customers_refuses_is_passed_on_with_its_reason(service: Service, customers: FakeCustomers) -> None:
    status = status_pb2.Status(code=code_pb2.FAILED_PRECONDITION, message="It is merged already.")
    info = error_details_pb2.ErrorInfo(reason="ALREADY_MERGED", domain="patronage")
    status.details.add().Pack(info)
    customers.answer = lambda request, context: context.abort_with_status(rpc_status.to_status(status))
    request = merge.MergeCustomersRequest(target_id=customer_id(1), source_ids=[customer_id(2)], allow_unpreviewed=True)
    with pytest.raises(grpc.RpcError) as error:
        service.merges.MergeCustomers(request, metadata=service.token())
    assert failure_of(error.value) == ("FAILED_PRECONDITION", "ALREADY_MERGED")
    assert error.value.details() == "It is merged already."


def test_every_bad_field_of_a_merge_is_named(service: Service, customers: FakeCustomers) -> None:
    request = merge.MergeCustomersRequest(source_ids=["", "x", "X"], reason="r" * 501, request_id="no")
    request.choices.add()
    with pytest.raises(grpc.RpcError) as error:
        service.merges.MergeCustomers(request, metadata=service.token())
    for field in ("target_id", "source_ids", "source_ids[0]", "choices[0].field", "reason", "request_id"):
        assert field in (error.value.details() or "")
    assert customers.asked == []


def test_the_service_starts_and_answers_while_customers_is_away(start: Callable[[str], Service]) -> None:
    service = start("127.0.0.1:1")
    page = service.matching.ListDuplicateGroups(pb.ListDuplicateGroupsRequest(), metadata=service.token())
    record = customer_pb2.Customer(name="Ann Lee")
    found = service.matching.MatchRecord(pb.MatchRecordRequest(record=record), metadata=service.token())
    assert (page.total_size, len(found.candidates)) == (0, 0)
    assert not page.HasField("scan")
    request = merge.MergeCustomersRequest(target_id=customer_id(1), source_ids=[customer_id(2)], allow_unpreviewed=True)
    with pytest.raises(grpc.RpcError) as error:
        service.merges.MergeCustomers(request, metadata=service.token())
    assert failure_of(error.value) == ("UNAVAILABLE", "UPSTREAM_UNAVAILABLE")
    status = rpc_status.from_call(error.value)  # type: ignore[arg-type]
    assert status is not None
    assert any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)


def test_a_scan_runs_beside_the_calls_and_its_groups_are_listed(scanning: Service, customers: FakeCustomers) -> None:
    people = [change(number, **stranger(number)) for number in range(10, 60)]
    xid = customers.send("acme", change(1, **ANN), change(2, **ANNE), *people, snapshot_done=True)
    request = pb.ScanDuplicatesRequest(at_least_as_fresh=read_after(xid), request_id=REQUEST_ID)
    scan = scanning.matching.ScanDuplicates(request, metadata=scanning.token(), timeout=LONG_S).scan
    assert scanning.ended_scan(scan.scan_id).state == pb.SCAN_STATE_DONE
    again = scanning.matching.ScanDuplicates(request, metadata=scanning.token(), timeout=LONG_S).scan
    assert again.scan_id == scan.scan_id
    page = scanning.matching.ListDuplicateGroups(pb.ListDuplicateGroupsRequest(), metadata=scanning.token())
    (group,) = page.groups
    assert group.recommended_action == pb.RECOMMENDED_ACTION_MERGE
    assert {member.name for member in group.members} == {"Ann Lee", "Anne Lee"}
    assert page.scan.customers == 52


def test_a_scan_that_is_cancelled_ends_and_stays_cancelled(service: Service) -> None:
    scan = service.matching.ScanDuplicates(pb.ScanDuplicatesRequest(), metadata=service.token()).scan
    cancelled = service.matching.CancelScan(pb.CancelScanRequest(scan_id=scan.scan_id), metadata=service.token())
    assert cancelled.scan.state == pb.SCAN_STATE_CANCELLED
    service.run_scans()
    following = service.matching.ScanDuplicates(pb.ScanDuplicatesRequest(), metadata=service.token()).scan
    assert following.scan_id != scan.scan_id
    assert service.ended_scan(following.scan_id).state == pb.SCAN_STATE_DONE
    assert service.ended_scan(scan.scan_id).state == pb.SCAN_STATE_CANCELLED


def test_a_scan_whose_process_is_killed_fails_and_the_next_one_runs(
    scanning: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = scan_worker.ScanProcess.begin

    def begin_and_kill(process: scan_worker.ScanProcess, *order: Any) -> None:
        os.kill(process._process.pid, signal.SIGSTOP)  # or it might be done before it is killed
        begin(process, *order)
        os.kill(process._process.pid, signal.SIGKILL)

    monkeypatch.setattr(scan_worker.ScanProcess, "begin", begin_and_kill)
    scan = scanning.matching.ScanDuplicates(pb.ScanDuplicatesRequest(), metadata=scanning.token()).scan
    failed = scanning.ended_scan(scan.scan_id)
    assert (failed.state, failed.failure) == (
        pb.SCAN_STATE_FAILED,
        "The scan ended unexpectedly (exit code -9). Start another one.",
    )
    monkeypatch.undo()
    following = scanning.matching.ScanDuplicates(pb.ScanDuplicatesRequest(), metadata=scanning.token()).scan
    assert scanning.ended_scan(following.scan_id).state == pb.SCAN_STATE_DONE


def test_small_scans_run_in_one_process_one_after_another(scanning: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(set(processes_of_scans(scanning, monkeypatch, 3))) == 1


def test_a_large_scan_ends_with_its_process(scanning: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_worker, "AGAIN_BELOW", -1)
    assert len(set(processes_of_scans(scanning, monkeypatch, 2))) == 2


def processes_of_scans(scanning: Service, monkeypatch: pytest.MonkeyPatch, scans: int) -> list[int]:
    """The processes in which so many scans run, one after another; each is listed."""
    begin, processes = scan_worker.ScanProcess.begin, []

    def begin_and_note(process: scan_worker.ScanProcess, *order: Any) -> None:
        processes.append(process._process.pid)
        begin(process, *order)

    monkeypatch.setattr(scan_worker.ScanProcess, "begin", begin_and_note)
    for _ in range(scans):
        scan = scanning.matching.ScanDuplicates(pb.ScanDuplicatesRequest(), metadata=scanning.token()).scan
        assert scanning.ended_scan(scan.scan_id).state == pb.SCAN_STATE_DONE
    return processes

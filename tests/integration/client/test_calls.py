"""The client on the wire: identity, deadlines, repetition, typed errors, fresh reads, lists to their end."""

import json
import threading
from pathlib import Path
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import change_feed_pb2, customer_pb2, note_service_pb2
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.matching.v1 import matching_service_pb2
from services import client as api
from services.client import ClientSettings, PatronageClient
from tests.fixtures.contract import every_rpc
from tests.integration.client.scripted import Script, Step, scripted
from tests.integration.runtime.certificates import Certificates

UNAVAILABLE, ABORTED = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED
AWAY: Step = (UNAVAILABLE, "DATABASE_UNAVAILABLE", None)
BUSY: Step = (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", 1.5)
ANN = customer_pb2.Customer(name="Ann")


def create(client: PatronageClient, **more: Any) -> pb.CreateCustomerResponse:
    found: pb.CreateCustomerResponse = client.customers.CreateCustomer(pb.CreateCustomerRequest(customer=ANN), **more)
    return found


def test_each_call_has_the_token_the_company_and_a_deadline() -> None:
    script = Script([pb.GetCustomerResponse(), pb.GetCustomerResponse()])
    with scripted(script, company_id="acme", deadline_s=90) as client:
        client.customers.GetCustomer(pb.GetCustomerRequest())
        client.customers.GetCustomer(pb.GetCustomerRequest(), timeout=40, metadata=(("x-trace", "1"),))
    first, second = (metadata for _, _, metadata in script.asked)
    assert (first["authorization"], first["company-id"], second["x-trace"]) == ("Bearer t", "acme", "1")
    assert 41 < script.timeouts[0] <= 90
    assert 0 < script.timeouts[1] <= 41


def test_a_token_in_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    script = Script([pb.GetCustomerResponse()] * 2)
    with scripted(script, token_file=file) as client:
        client.customers.GetCustomer(pb.GetCustomerRequest())
        renewed = tmp_path / "new"
        renewed.write_text("two\n")
        renewed.replace(file)
        client.customers.GetCustomer(pb.GetCustomerRequest())
    assert [metadata["authorization"] for _, _, metadata in script.asked] == ["Bearer one", "Bearer two"]


def test_a_mutation_is_sent_again_under_the_same_request_id() -> None:
    done = pb.CreateCustomerResponse(created=True)
    script = Script([AWAY, (ABORTED, "REQUEST_IN_PROGRESS", 0.2), done])
    with scripted(script) as client:
        assert create(client) == done
    ids = {request.request_id for request in script.requests(pb.CreateCustomerRequest.FromString)}
    assert len(script.asked) == 3
    assert len(ids) == 1
    assert len(ids.pop()) == 36
    assert 0.025 <= script.waited[0] <= 0.05
    assert script.waited[1] == 0.2


def test_a_request_id_that_the_caller_gave_stays() -> None:
    script = Script([pb.CreateCustomerResponse()])
    request = pb.CreateCustomerRequest(customer=ANN, request_id="mine")
    with scripted(script) as client:
        client.customers.CreateCustomer(request)
    assert script.requests(pb.CreateCustomerRequest.FromString) == [request]


def test_the_request_of_the_caller_is_not_changed() -> None:
    script = Script([pb.CreateCustomerResponse(change_token="t1"), matching_service_pb2.FindDuplicatesResponse()])
    request, question = pb.CreateCustomerRequest(customer=ANN), matching_service_pb2.FindDuplicatesRequest()
    with scripted(script) as client:
        client.customers.CreateCustomer(request)
        client.matching.FindDuplicates(question)
    assert (request.request_id, question.at_least_as_fresh) == ("", "")


@pytest.mark.parametrize(
    ("step", "times", "kind"),
    [
        (AWAY, 4, api.UnavailableError),
        ((UNAVAILABLE, "", None), 4, api.UnavailableError),
        ((ABORTED, "CONFLICT_RETRY", None), 4, api.ConflictError),
        (BUSY, 4, api.RateLimitedError),
        ((ABORTED, "ETAG_MISMATCH", None), 1, api.EtagMismatchError),
        ((ABORTED, "PREVIEW_STALE", None), 1, api.StaleError),
        ((grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND", None), 1, api.NotFoundError),
        ((grpc.StatusCode.INTERNAL, "INTERNAL", None), 1, api.RepositoryError),
        ((grpc.StatusCode.DEADLINE_EXCEEDED, "STATEMENT_TIMEOUT", None), 1, api.DeadlineError),
    ],
)
def test_only_what_may_do_better_is_repeated_and_the_end_is_a_typed_error(
    step: Step, times: int, kind: type[api.PatronageError]
) -> None:
    script = Script([step] * 9)
    with scripted(script) as client, pytest.raises(kind) as raised:
        create(client)
    assert type(raised.value) is kind
    assert len(script.asked) == times
    assert len(script.waited) == times - 1


def test_nothing_is_waited_for_beyond_the_deadline() -> None:
    script = Script([(UNAVAILABLE, "NOT_YET_FRESH", 50.0)] * 3)
    with scripted(script, deadline_s=40.0) as client, pytest.raises(api.NotYetFreshError):
        create(client)
    assert (len(script.asked), script.waited) == (1, [])


def test_where_nobody_serves_the_error_is_typed_too() -> None:
    settings = ClientSettings({"customers": "127.0.0.1:1"}, attempts=2)
    waited: list[float] = []
    with PatronageClient(settings, wait=waited.append) as client, pytest.raises(api.UnavailableError) as raised:
        create(client)
    assert (raised.value.reason, len(waited)) == ("", 1)


def test_a_thread_reads_what_it_wrote_and_not_what_another_did() -> None:
    found = matching_service_pb2.FindDuplicatesResponse()
    script = Script([pb.CreateCustomerResponse(change_token="w1"), found, found, found])

    def ask(token: str = "") -> None:
        client.matching.FindDuplicates(matching_service_pb2.FindDuplicatesRequest(at_least_as_fresh=token))

    with scripted(script) as client:
        create(client)
        ask()
        ask("older")
        other = threading.Thread(target=ask)
        other.start()
        other.join()
        assert client.change_token == "w1"
    asked = script.requests(matching_service_pb2.FindDuplicatesRequest.FromString)[1:]
    assert [request.at_least_as_fresh for request in asked] == ["w1", "older", ""]


def test_a_token_is_handed_to_another_thread_and_freshness_can_be_left_out() -> None:
    found = matching_service_pb2.FindDuplicatesResponse()
    script = Script([found, found])
    request = matching_service_pb2.FindDuplicatesRequest()
    with scripted(script) as client:
        client.change_token = "w7"
        client.matching.FindDuplicates(request)
    with scripted(script, read_your_writes=False) as client:
        client.change_token = "w7"
        client.matching.FindDuplicates(request)
    asked = script.requests(matching_service_pb2.FindDuplicatesRequest.FromString)
    assert [one.at_least_as_fresh for one in asked] == ["w7", ""]


def test_a_list_is_read_to_its_end() -> None:
    note = note_service_pb2.Note
    script = Script(
        [
            note_service_pb2.ListNotesResponse(notes=[note(content="a"), note(content="b")], next_page_token="p2"),
            note_service_pb2.ListNotesResponse(next_page_token="p3"),
            note_service_pb2.ListNotesResponse(notes=[note(content="c")]),
        ]
    )
    request = note_service_pb2.ListNotesRequest(customer_id="c1", page_size=2)
    with scripted(script) as client:
        found = [one.content for one in api.items(client.notes.ListNotes, request, lambda page: page.notes)]
    assert found == ["a", "b", "c"]
    asked = script.requests(note_service_pb2.ListNotesRequest.FromString)
    assert [(one.customer_id, one.page_size, one.page_token) for one in asked] == [
        ("c1", 2, ""),
        ("c1", 2, "p2"),
        ("c1", 2, "p3"),
    ]
    assert request.page_token == ""


def test_every_list_of_the_contract_can_be_read_to_its_end() -> None:
    lists = [rpc for rpc in every_rpc() if rpc.method.name.startswith("List")]
    assert len(lists) >= 5
    for rpc in lists:
        assert "page_token" in rpc.method.input_type.fields_by_name
        assert "next_page_token" in rpc.method.output_type.fields_by_name


def test_a_stream_that_fails_raises_a_typed_error_and_is_not_begun_again() -> None:
    batch = change_feed_pb2.FollowChangesResponse(cursor="c1")
    script = Script([batch, (grpc.StatusCode.OUT_OF_RANGE, "CURSOR_EXPIRED", None)])
    with scripted(script) as client:
        stream = client.feed.FollowChanges(change_feed_pb2.FollowChangesRequest())
        assert next(stream) == batch
        with pytest.raises(api.CursorExpiredError):
            next(stream)
        assert stream.code() is grpc.StatusCode.OUT_OF_RANGE
    assert len(script.asked) == 2


def test_a_call_in_the_background_raises_a_typed_error_too() -> None:
    script = Script([(grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND", None)])
    with scripted(script) as client:
        pending = client.customers.GetCustomer.future(pb.GetCustomerRequest())
        with pytest.raises(api.NotFoundError):
            pending.result()


def test_there_are_stubs_of_every_service() -> None:
    services = {rpc.method.containing_service.name for rpc in every_rpc()}
    stubs = {
        getattr(getter, "__annotations__", {}).get("return", "").rpartition(".")[2].removesuffix("Stub")
        for getter in (one.fget for one in vars(PatronageClient).values() if isinstance(one, property))
    }
    assert services <= stubs


def test_tls_is_verified_by_the_authority_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    ours, theirs = Certificates(tmp_path / "ours"), Certificates(tmp_path / "theirs")
    issued = ours.issue("server")
    credentials = grpc.ssl_server_credentials([(issued.key.read_bytes(), issued.certificate.read_bytes())])
    script = Script([pb.GetCustomerResponse()])
    with scripted(script, credentials, tls_ca=ours.ca) as client:
        client.customers.GetCustomer(pb.GetCustomerRequest())
    with (
        scripted(script, credentials, tls_ca=theirs.ca, attempts=1) as client,
        pytest.raises(api.UnavailableError),
    ):
        client.customers.GetCustomer(pb.GetCustomerRequest())
    assert len(script.asked) == 1


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(ValueError, match=r"ca\.pem"):
        _ = PatronageClient(ClientSettings({"customers": "example.org:1"}, tls_ca=file)).customers


def test_a_token_goes_in_the_clear_to_this_machine_alone() -> None:
    settings = ClientSettings({}, token="t")
    assert settings.is_plaintext("localhost:1")
    assert settings.is_plaintext("127.0.0.1:1")
    assert settings.is_plaintext("[::1]:1")
    assert not settings.is_plaintext("customers:50051")
    assert not ClientSettings({}, tls_ca=Path("ca")).is_plaintext("localhost:1")
    assert ClientSettings({}, plaintext=True).is_plaintext("customers:50051")


def test_settings_come_from_the_environment_or_from_the_file_of_up(tmp_path: Path) -> None:
    environment = {
        "PATRONAGE_CUSTOMERS": "h:1",
        "PATRONAGE_TOKEN": " t ",
        "PATRONAGE_COMPANY": "a",
        "PATRONAGE_TLS_CA": "/ca",
    }
    found = ClientSettings.from_environment(environment)
    assert (dict(found.targets), found.token, found.company_id, found.tls_ca) == (
        {"customers": "h:1"},
        "t",
        "a",
        Path("/ca"),
    )
    file = tmp_path / "context.json"
    file.write_text(json.dumps({"customers": "h:1", "matching": "h:2", "token": "u", "other": 1}))
    assert dict(ClientSettings.from_context(file).targets) == {"customers": "h:1", "matching": "h:2"}
    assert ClientSettings.from_environment({"PATRONAGE_TOKEN_FILE": "/t"}).token_file == Path("/t")

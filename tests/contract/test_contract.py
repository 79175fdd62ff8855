"""The contract in its descriptors: every RPC has a scope, every failure a reason, every mutation a request id."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor

from patronage.errors.v1 import error_reason_pb2
from services.runtime.access import AccessTable
from services.runtime.failures import Code, Failure, all_failures

ROOT = Path(__file__).parents[2]
GEN = ROOT / "protos" / "gen"
SERVICES = ("customers", "matching", "analytics")
READS = (
    "Get",
    "BatchGet",
    "List",
    "Lookup",
    "Check",
    "BatchCheck",
    "Find",
    "Match",
    "Normalize",
    "Explain",
    "Export",
    "Describe",
    "Preview",
    "Verify",
    "Search",
    "Follow",
    "Stream",
    "WhoAmI",
)
IDEMPOTENT_BY_ITSELF = {
    "ApplyMergeRequest": "merge_id",
    "ApplyMergesRequest": "the id of each merge",
    "ImportCustomersRequest": "the external id of each row",
    "ImportSalesRequest": "the id of each sale",
}
EXAMPLE = re.compile(
    r"// ([A-Z_]+)\. [^\n]+\n(?:  //[^\n]*\n)*?  // Example: [^\n]+\n(?:  //[^\n]*\n)*  ERROR_REASON_(\w+) ="
)


def files(service: str = "*") -> Iterator[FileDescriptor]:
    for path in sorted(GEN.glob(f"patronage/{service}/v1/*_pb2.py")):
        yield importlib.import_module(".".join(path.relative_to(GEN).with_suffix("").parts)).DESCRIPTOR


def rpc_services(service: str = "*") -> Iterator[ServiceDescriptor]:
    for file in files(service):
        yield from file.services_by_name.values()


def methods(service: str = "*") -> Iterator[MethodDescriptor]:
    for found in rpc_services(service):
        yield from found.methods


def messages() -> Iterator[Descriptor]:
    for file in files():
        for message in file.message_types_by_name.values():
            yield from with_nested(message)


def with_nested(message: Descriptor) -> Iterator[Descriptor]:
    yield message
    for nested in message.nested_types:
        yield from with_nested(nested)


def full_name(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def access_of(service: str) -> AccessTable:
    table: AccessTable = importlib.import_module(f"services.{service}.access").ACCESS
    return table


def failures() -> set[type[Failure]]:
    for service in SERVICES:
        importlib.import_module(f"services.{service}.domain.failures")
    return {failure for failure in all_failures() if failure.__module__.startswith("services.")}


@pytest.mark.parametrize("service", SERVICES)
def test_the_access_table_names_every_rpc_and_nothing_else(service: str) -> None:
    assert set(access_of(service)) == {full_name(method) for method in methods(service)}


@pytest.mark.parametrize("service", SERVICES)
def test_an_rpc_asks_for_the_scope_that_its_comment_names(service: str) -> None:
    comments = "".join(path.read_text() for path in (ROOT / f"protos/patronage/{service}/v1").glob("*.proto"))
    for method in methods(service):
        found = re.search(rf"((?:  //[^\n]*\n)+)  rpc {method.name}\(", comments)
        assert found, method.name
        words = re.sub(r"\s*//\s*", " ", found[1])
        access = access_of(service)[full_name(method)]
        assert re.search(rf"[Ss]cope {access.scope}[.;,]|No scope|no scope", words), (method.name, access.scope)


def test_every_failure_has_a_reason_in_the_contract_and_every_reason_a_failure() -> None:
    reasons = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118
    assert {failure.reason for failure in failures()} == reasons


def test_failures_of_one_reason_have_the_code_that_its_comment_names() -> None:
    text = (ROOT / "protos/patronage/errors/v1/error_reason.proto").read_text()
    stated = {reason: code for code, reason in EXAMPLE.findall(text)}
    assert set(stated) == {failure.reason for failure in failures()}
    for failure in failures():
        assert failure.code == Code(stated[failure.reason]), failure


def test_every_mutation_takes_a_request_id_or_is_idempotent_by_an_id_of_its_own() -> None:
    for method in methods():
        request = method.input_type
        if method.name.startswith(READS):
            assert "request_id" not in request.fields_by_name, request.name
        elif request.name in IDEMPOTENT_BY_ITSELF:
            own = IDEMPOTENT_BY_ITSELF[request.name]
            assert own in request.fields_by_name or " " in own
        else:
            assert "request_id" in request.fields_by_name, request.name


def test_every_mutation_answers_with_a_change_token_where_customers_change() -> None:
    for method in methods("customers"):
        if not method.name.startswith(READS):
            assert "change_token" in method.output_type.fields_by_name, method.output_type.name


def test_an_id_says_whose_it_is() -> None:
    bare = {f"{message.full_name}.{field.name}" for message in messages() for field in message.fields if bad_id(field)}
    assert bare == {"patronage.customers.v1.ImportRow.id"}


def bad_id(field: FieldDescriptor) -> bool:
    owner = field.containing_type
    return field.name in {"id", "ids", "uuid", "key"} and not (owner is not None and owner.GetOptions().map_entry)


def test_what_is_listed_is_paged_the_same_way_everywhere() -> None:
    for method in methods():
        if method.name.startswith("List"):
            assert {"page_size", "page_token"} <= set(method.input_type.fields_by_name), method.name
            assert "next_page_token" in method.output_type.fields_by_name, method.name


def test_every_request_and_response_belongs_to_one_rpc() -> None:
    for method in methods():
        assert (method.input_type.name, method.output_type.name) == (f"{method.name}Request", f"{method.name}Response")
        assert method.input_type.file == method.output_type.file, method.name
        assert method.input_type.file.package == method.containing_service.file.package, method.name


def test_the_stubs_are_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "protos/generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

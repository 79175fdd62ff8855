"""`patronage import` with a service that is made up: what is sent, what is refused here, and what an early end says."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from patronage.customers.v1 import import_export_service_pb2 as pb
from services.cli import import_rows
from services.cli.main import run
from services.client import PatronageError

SERVER_TAKES = 8 << 20
Answers = Iterator[pb.ImportCustomersResponse]
Serve = Callable[[Callable[[Iterator[pb.ImportCustomersRequest]], Answers]], None]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Makes a function answer imports; the folder of the test has a context."""

    def answer_by(imports: Callable[[Iterator[pb.ImportCustomersRequest]], Answers]) -> None:
        @contextmanager
        def connected(context: object) -> Iterator[Any]:
            yield SimpleNamespace(imports=SimpleNamespace(ImportCustomers=imports))

        monkeypatch.setattr("services.cli.import_customers.connected", connected)

    monkeypatch.chdir(tmp_path)
    Path("context.json").write_text(json.dumps({"customers": "127.0.0.1:1", "token": "a"}))
    return answer_by


def command(path: Path) -> int:
    return run(["import", str(path), "--json", "--context", "context.json"])


def write(*rows: tuple[str, str]) -> Path:
    path = Path("crm.csv")
    path.write_text("".join(f"{row_id},{name}\n" for row_id, name in (("id", "name"), *rows)))
    return path


def all_created(requests: Iterator[pb.ImportCustomersRequest], sent: list[list[int]] | None = None) -> Answers:
    """Answers as the service does where nothing is wrong, and notes the numbers of the rows of each batch."""
    assert next(requests).options.source == "crm"
    counts = pb.ImportCounts()
    for request in requests:
        assert request.ByteSize() < SERVER_TAKES // 4
        numbers = [row.row_number for row in request.rows.rows]
        if sent is not None:
            sent.append(numbers)
        counts.read += len(numbers)
        counts.created += len(numbers)
        outcomes = [pb.ImportOutcome(row_number=row, result=pb.IMPORT_RESULT_CREATED) for row in numbers]
        yield pb.ImportCustomersResponse(outcomes=outcomes, counts=counts, change_token="t")


def test_a_row_that_is_too_large_is_refused_by_its_number_and_the_others_are_imported(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(all_created)
    path = write(("a", "Ann"), ("b", "x" * (SERVER_TAKES + 1)), ("c", "Cy"))
    assert command(path) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"]["read"], told["counts"]["created"], told["counts"]["invalid"]) == (3, 2, 1)
    [refused] = told["rejected"]
    assert (refused["row"], refused["id"], refused["result"]) == (2, "b", "INVALID")
    assert "a row takes up to 1,048,576" in refused["problems"]["customer"]


def test_a_file_of_too_large_rows_alone_is_refused_row_by_row(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    serve(all_created)
    assert command(write(("a", "x" * SERVER_TAKES))) == 3
    assert json.loads(capsys.readouterr().out)["counts"]["invalid"] == 1


def test_batches_are_cut_by_bytes_and_by_rows(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[list[int]] = []
    serve(lambda requests: all_created(requests, sent))
    monkeypatch.setattr(import_rows, "BYTES_A_BATCH", 1000)
    names = ["x" * 400, "x" * 400, "x" * 400, "x" * 900, *["y"] * 3]
    assert command(write(*((str(place), name) for place, name in enumerate(names)))) == 0
    assert sent == [[1, 2], [3], [4, 5, 6, 7]]
    sent.clear()
    assert command(write(*((f"{row:04}", "Ann") for row in range(1001)))) == 0
    assert [row for batch in sent for row in batch] == list(range(1, 1002))


def broken_off(by: BaseException, after: int) -> Callable[[Iterator[pb.ImportCustomersRequest]], Answers]:
    def imports(requests: Iterator[pb.ImportCustomersRequest]) -> Answers:
        for _, answer in zip(range(after), all_created(requests), strict=False):
            yield answer
        raise by

    return imports


def test_an_interrupted_import_says_how_many_rows_are_done(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    serve(broken_off(KeyboardInterrupt(), after=2))
    assert command(write(*((str(row), "Ann") for row in range(1200)))) == 130
    told = "patronage: interrupted; at least 1,000 of 1,200 rows are done; the same command again does the rest"
    assert told in capsys.readouterr().err.splitlines()


class Down(grpc.RpcError):
    """How gRPC tells that a service is gone."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "socket closed"


def test_an_import_that_fails_in_its_middle_says_so_too(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(*((str(row), "Ann") for row in range(1200)))
    serve(broken_off(PatronageError(Down(), status_pb2.Status()), after=1))
    assert command(path) == 1
    assert "at least 500 of 1,200 rows are done" in capsys.readouterr().err

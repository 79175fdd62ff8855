"""`patronage automerge` shows what it would merge, and merges with `--yes` alone."""

import csv
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cli.main import run
from services.local.suite import Suite

PEOPLE = (
    ("1", "Robert Stone", "bob@stone.example", "+1 415 555 0101"),
    ("2", "Stone, Robert", "Bob@Stone.example", "(415) 555-0101"),
    ("3", "Wanjiru Kamau", "wanjiru.kamau@mail.example", "+1 212 555 0147"),
    ("4", "Ann Miller", "", ""),
    ("5", "Ann Miller", "", "+1 503 555 0188"),
)
Command = Callable[..., str]


@pytest.fixture
def command(suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command for a company of the test's own; gives what it printed."""
    context = tmp_path / "context.json"
    context.write_text(json.dumps({**suite.context(), "token": suite.token(f"automerge-{uuid.uuid4()}")}))

    def call(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert run([*arguments, "--context", str(context)]) == code
        printed = capsys.readouterr()
        return printed.out if code == 0 else printed.err

    return call


def lines(command: Command, *arguments: str) -> list[Any]:
    return [json.loads(line) for line in command("automerge", "--json", *arguments).splitlines()]


@pytest.fixture
def imported(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "name", "email", "phone"))
        writer.writerows(PEOPLE)
    command("import", str(path))


@pytest.mark.usefixtures("imported")
def test_nothing_is_merged_before_it_is_asked_for_and_then_the_sure_ones_alone(command: Command) -> None:
    (shown,) = lines(command)
    assert shown["result"] == "AUTO_MERGE_RESULT_WOULD_MERGE"
    assert "1 groups would be merged" in command("automerge", "--no-scan")
    (merged,) = lines(command, "--yes", "--no-scan", "--reason", "spring cleaning")
    assert (merged["result"], merged["target_id"]) == ("AUTO_MERGE_RESULT_MERGED", shown["target_id"])
    (undone,) = [json.loads(line) for line in command("undo", merged["merge_id"], "--json").splitlines()]
    assert undone["merge"]["reason"] == "spring cleaning"
    assert lines(command, "--yes") == [], "whose merge was undone they are different"


@pytest.mark.usefixtures("imported")
def test_a_run_that_broke_off_goes_on_under_its_id(command: Command) -> None:
    request_id = str(uuid.uuid4())
    assert len(lines(command)) == 1
    assert "1 groups merged, 1 customers into others" in command("automerge", "--yes", "--request-id", request_id)
    (again,) = lines(command, "--yes", "--request-id", request_id)
    assert again["result"] == "AUTO_MERGE_RESULT_ALREADY"


@pytest.mark.usefixtures("imported")
def test_a_threshold_that_the_policy_does_not_accept_is_refused(command: Command) -> None:
    assert "FIELDS_INVALID" in command("automerge", "--threshold", "50", code=1)

"""The main job through the command, on real services: import, duplicates, explain, merge, undo."""

import csv
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from examples import call_customers
from services.cli.main import run
from services.local.suite import Suite

Command = Callable[..., Any]
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def command(suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command for a company of the test's own; gives the JSON lines that it printed, or what it complained."""
    context = tmp_path / "context.json"
    context.write_text(json.dumps({**suite.context(), "token": suite.token(f"story-{uuid.uuid4()}")}))

    def call(*arguments: str, code: int = 0) -> list[Any] | str:
        capsys.readouterr()
        assert run([*arguments, "--context", str(context), "--json"]) == code
        printed = capsys.readouterr()
        return [json.loads(line) for line in printed.out.splitlines()] if code in {0, 3} else printed.err

    return call


def write(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


COLUMNS = ("id", "name", "email", "phone", "birth_date")
ROWS = [
    dict(zip(COLUMNS, values, strict=True))
    for values in (
        ("1", "Ana Lopez", "ana.lopez@example.com", "415-555-0100", "1980-02-03"),
        ("2", "Lopez, Ana", "ANA.LOPEZ@example.com", "(415) 555 0100", "1980-02-03"),
        ("3", "Wei Chen 陈伟", "wei@example.org", "+1 212 555 0199", "1990-02-31"),
        ("4", "", "", "", "1970-01-01"),
        ("5", "Bo", "not an address", "1", ""),
    )
]


def test_every_row_of_an_import_has_an_outcome_and_a_second_import_changes_nothing(
    command: Command, tmp_path: Path
) -> None:
    path = write(tmp_path / "crm.csv", ROWS)
    first = command("import", str(path), code=3)[0]
    assert first["counts"] == {
        "read": 5, "created": 3, "updated": 0, "unchanged": 0, "existing": 0, "duplicate": 0, "invalid": 2,
    }  # fmt: skip
    assert first["warnings"] == 1, "an impossible date is kept as text"
    assert {row["row"]: set(row["problems"]) for row in first["rejected"]} == {
        4: {"customer"},
        5: {"customer.contact_points[0].value", "customer.contact_points[1].value"},
    }
    second = command("import", str(path), code=3)[0]
    assert second["counts"] | {"unchanged": 3, "created": 0} == second["counts"]


def test_duplicates_are_found_explained_merged_and_taken_apart_again(command: Command, tmp_path: Path) -> None:
    command("import", str(write(tmp_path / "crm.csv", ROWS[:3])))
    (group,) = command("duplicates")
    ids = [member["customer_id"] for member in group["members"]]
    assert len(ids) == 2
    assert group["recommended_action"] == "RECOMMENDED_ACTION_MERGE"
    (explanation,) = command("explain", *ids)
    parts = sum(one.get("weight", 0) + one.get("term_frequency_adjustment", 0) for one in explanation["comparisons"])
    assert explanation["prior_weight"] + parts == pytest.approx(explanation["score"]["match_weight"])
    (merged,) = command("merge", *ids)
    assert merged["target"]["merged_customer_ids"] == [ids[1]]
    assert command("duplicates") == [], "a merged customer is no candidate any more"
    (undone,) = command("undo", "--undecided", merged["merge"]["merge_id"])
    assert all(digest["before"] == digest["now"] for digest in undone["digests"])
    (again,) = command("duplicates")
    assert again["group_id"] == group["group_id"], "nothing changed, so the group is the same"
    (merged,) = command("merge", *ids)
    command("undo", merged["merge"]["merge_id"])
    assert command("duplicates") == [], "whose merge was undone they are different"
    assert "JUDGED_DIFFERENT" in command("merge", *ids, code=1)


def test_a_rejected_duplicate_is_told_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "crm.csv", ROWS[:3])
    result = command("import", str(path), "--on-duplicate", "reject", code=3)[0]
    assert (result["counts"]["created"], result["counts"]["duplicate"]) == (2, 1)
    assert (result["rejected"][0]["row"], result["rejected"][0]["id"]) == (2, "2")


def test_an_existing_customer_is_taken_where_asked(command: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "crm.csv", ROWS[:3])
    result = command("import", str(path), "--on-duplicate", "existing")[0]
    assert (result["counts"]["created"], result["counts"]["existing"]) == (2, 1)


def test_an_unknown_id_fails_with_its_reason(command: Command) -> None:
    told = command("merge", str(uuid.uuid4()), str(uuid.uuid4()), code=1)
    assert "CUSTOMER_NOT_FOUND" in told


def test_grpcurl_lists_the_services_of_each_process(suite: Suite) -> None:
    grpcurl = Path(sys.executable).parent / "grpcurl"
    expected = {
        "customers": "patronage.customers.v1.CustomerService",
        "matching": "patronage.matching.v1.MatchingService",
        "analytics": "patronage.analytics.v1.MetricsService",
    }
    for service, name in expected.items():
        target = suite.context()[service]
        listed = subprocess.run([grpcurl, "-plaintext", target, "list"], capture_output=True, text=True, check=True)
        assert {name, "grpc.health.v1.Health"} <= set(listed.stdout.split())


def test_grpcurl_explains_a_pair_and_decodes_a_failure(suite: Suite) -> None:
    grpcurl = Path(sys.executable).parent / "grpcurl"
    call = [str(grpcurl), "-plaintext", "-H", f"authorization: Bearer {suite.token('story-grpcurl')}"]
    data = json.dumps({"left_id": str(uuid.uuid4()), "right_id": str(uuid.uuid4())})
    method = "patronage.matching.v1.MatchingService/ExplainMatch"
    answer = subprocess.run(
        [*call, "-d", data, suite.context()["matching"], method], capture_output=True, text=True, check=False
    )
    assert answer.returncode != 0
    assert "CUSTOMER_NOT_FOUND" in answer.stderr


def test_the_call_of_the_readme_answers_as_it_says(suite: Suite) -> None:
    text = README.read_text(encoding="utf-8")
    shell = next(block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "TOKEN=" in block)
    call = shell.partition("\n")[2].replace(".venv/bin/grpcurl", str(Path(sys.executable).parent / "grpcurl"))
    environment = {**os.environ, "TOKEN": suite.token(f"story-{uuid.uuid4()}")}
    call = call.replace("127.0.0.1:50051", suite.context()["customers"])
    answer = subprocess.run(["sh", "-c", call], capture_output=True, text=True, check=True, env=environment)
    (shown,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert is_part_of(json.loads(shown), json.loads(answer.stdout))


def is_part_of(shown: Any, real: Any) -> bool:
    """Whether each field of a shortened answer is in the real one, in the same order and of the same type."""
    if not isinstance(shown, dict):
        return type(shown) is type(real)
    in_order = [name for name in real if name in shown] == list(shown)
    return in_order and all(is_part_of(value, real[name]) for name, value in shown.items())


def test_the_client_of_the_readme_does_as_it_says(
    suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    context = tmp_path / "context.json"
    context.write_text(json.dumps({**suite.context(), "token": suite.token(f"story-{uuid.uuid4()}")}))
    program = program.replace(".patronage/context.json", str(context))
    for _ in range(2):  # what was there already is found, the sale and the session are not doubled
        exec(program, {})  # noqa: S102
        assert capsys.readouterr().out == "chat-1 1\n"


def test_the_example_of_the_readme_runs(suite: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    call_customers.main({**suite.context(), "token": suite.token(f"story-{uuid.uuid4()}")})
    created, compared, refused = capsys.readouterr().out.splitlines()
    assert created.startswith("created Ana Lopez")
    assert "0 customers may be the same" in compared
    assert refused == "refused: DUPLICATE_CUSTOMER"

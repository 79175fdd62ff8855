"""`patronage explain` draws pairs and groups of the running service."""

import json
import uuid
from pathlib import Path

import pytest

from services.cli.main import run
from services.local.suite import Suite

ROWS = """id,name,email,phone
1,<b>Ana</b> Lopez,ana.lopez@example.com,415-555-0100
2,"<b>Lopez</b>, Ana",ANA.LOPEZ@example.com,(415) 555 0100
3,<b>Ana</b> Lopes,ana.lopez@example.com,
4,陈伟,wei@example.org,+1 212 555 0199
"""


@pytest.fixture
def context(suite: Suite, tmp_path: Path) -> str:
    path = tmp_path / "context.json"
    path.write_text(json.dumps({**suite.context(), "token": suite.token(f"pages-{uuid.uuid4()}")}))
    customers = tmp_path / "customers.csv"
    customers.write_text(ROWS, encoding="utf-8")
    assert run(["import", str(customers), "--context", str(path)]) == 0
    return str(path)


def test_a_group_and_its_pairs_are_drawn(context: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["duplicates", "--json", "--context", context]) == 0
    group = json.loads(capsys.readouterr().out.splitlines()[0])
    page = tmp_path / "group.html"
    assert run(["explain", "--group", group["group_id"], "--html", str(page), "--context", context]) == 0
    assert "weakest link" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    members = len(group["members"])
    assert text.count("<svg") == members * (members - 1) // 2 > 0
    assert "&lt;b&gt;" in text
    assert "the weakest link: without it the group falls apart" in text
    left, right = (member["customer_id"] for member in group["members"][:2])
    assert run(["explain", left, right, "--html", str(page), "--context", context]) == 0
    assert "e-mail: exact" in page.read_text(encoding="utf-8")


def test_a_group_that_is_not_there_fails_with_its_reason(context: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--group", str(uuid.uuid4()), "--context", context]) == 1
    assert "NOT_FOUND" in capsys.readouterr().err

"""Commands that cannot begin say why in one line on stderr, and end with 2."""

import json
from pathlib import Path

import pytest

from services.cli.context import read_context, written_context
from services.cli.main import run
from services.local.tokens import Tokens

TARGETS = {"customers": "127.0.0.1:1", "matching": "127.0.0.1:1", "analytics": "127.0.0.1:1"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CUSTOMERS", "MATCHING", "ANALYTICS", "TOKEN", "TLS_CA", "DATABASE_URL"):
        monkeypatch.delenv(f"PATRONAGE_{name}", raising=False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "nowhere.json: not readable"),
        ("{", "nowhere.json: not readable"),
        ("[]", "not a context"),
        ("{}", "a token is not known"),
        ('{"token": "a"}', "the customers service is not known"),
        (json.dumps({**TARGETS, "token": "a\nb"}), "the token is none"),
    ],
)
def test_a_context_that_is_none_is_told(content: str | None, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        Path("nowhere.json").write_text(content)
    assert run(["duplicates", "--context", "nowhere.json"]) == 2
    assert told in capsys.readouterr().err


def test_services_that_are_down_end_with_1_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    Path("context.json").write_text(json.dumps({**TARGETS, "token": "a"}))
    assert run(["explain", "a", "b", "--context", "context.json"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "is `patronage up` running?" in shown.err


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("context.json").write_text(json.dumps({**TARGETS, "token": "a"}))
    monkeypatch.setenv("PATRONAGE_MATCHING", "other:2")
    monkeypatch.setenv("PATRONAGE_TOKEN", "b\n")
    context = read_context(Path("context.json"))
    assert (context.target("customers"), context.target("matching"), context.token) == ("127.0.0.1:1", "other:2", "b")


def test_the_context_is_its_owners_alone_and_goes_with_the_suite() -> None:
    path = Path("folder", "context.json")
    with written_context(path, {**TARGETS, "token": "a"}):
        assert path.stat().st_mode & 0o777 == 0o600
        assert [entry.name for entry in path.parent.iterdir()] == ["context.json"]
    assert not path.exists()


def test_a_context_that_another_suite_wrote_since_then_stays() -> None:
    path = Path("context.json")
    with written_context(path, {**TARGETS, "token": "a"}):
        path.write_text(json.dumps({**TARGETS, "token": "b"}))
    assert read_context(path).token == "b"


def test_a_certificate_file_without_a_certificate_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("context.json").write_text(json.dumps({**TARGETS, "token": "a"}))
    monkeypatch.setenv("PATRONAGE_TLS_CA", "context.json")
    assert run(["duplicates", "--context", "context.json"]) == 2
    assert "no PEM certificate" in capsys.readouterr().err


def test_a_token_is_only_for_a_data_directory(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "--data-dir", "."]) == 2
    assert not list(Path().iterdir()), "nothing is written where no suite kept its data"
    Tokens.of(Path())
    assert run(["token", "--data-dir", ".", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["company_id"] == "demo"


@pytest.mark.parametrize(
    "wrong",
    [["token", "a b"], ["token", ""], ["token", "--subject", " "], ["token", "--days", "0"]],
)
def test_a_token_that_no_service_takes_is_not_made(wrong: list[str]) -> None:
    Tokens.of(Path())
    assert run([*wrong, "--data-dir", "."]) == 2


@pytest.mark.parametrize("wrong", [["--company", "a b"], ["--context", "."], ["--port", "70000"]])
def test_a_suite_that_cannot_be_is_not_started(wrong: list[str]) -> None:
    assert run(["up", "--port", "0", "--data-dir", "data", *wrong]) == 2
    assert not Path("data").exists()


def test_a_data_directory_that_cannot_be_made_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data").write_text("a file")
    assert run(["up", "--port", "0", "--data-dir", "data"]) == 1
    assert "patronage: " in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["migrate"]) == 2
    monkeypatch.setenv("PATRONAGE_DATABASE_URL", "nonsense")
    assert run(["migrate"]) == 1
    assert run(["migrate", "--service", "nothing"]) == 2
    assert "the database refused" in capsys.readouterr().err

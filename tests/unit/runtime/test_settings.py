"""Settings from the environment."""

import os
from pathlib import Path

import pytest

from services.runtime.settings import ServiceSettings, SettingsError, load_settings, read_settings

PREFIX = "PATRONAGE_CUSTOMERS_"
GOOD = {
    "PATRONAGE_CUSTOMERS_DATABASE_URL": "postgresql://u:hunter2@db/x",
    "PATRONAGE_PLAINTEXT": "true",
    "PATRONAGE_TOKEN_SECRET": "s" * 32,
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("PATRONAGE_"):
            monkeypatch.delenv(name)


def problems_with(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]) -> list[str]:
    for name, value in (GOOD | changes).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        read_settings(PREFIX, ServiceSettings)
    return raised.value.problems


def test_a_setting_of_the_service_goes_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (GOOD | {"PATRONAGE_WORKERS": "3", "PATRONAGE_CUSTOMERS_WORKERS": "5"}).items():
        monkeypatch.setenv(name, value)
    settings = read_settings(PREFIX, ServiceSettings)
    assert settings.workers == 5
    assert settings.plaintext
    assert settings.token_audience == "patronage"


def test_every_bad_variable_is_named_with_what_it_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems_with(monkeypatch, {"PATRONAGE_CUSTOMERS_WORKERS": "many", "PATRONAGE_CUSTOMERS_LISTEN": "nowhere"})
    assert len(found) == 2
    assert any("PATRONAGE_CUSTOMERS_WORKERS" in line and "threads" in line for line in found)
    assert any("PATRONAGE_CUSTOMERS_LISTEN" in line and "host:port" in line for line in found)


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1:65536", ":50051", "a b:1", "127.0.0.1:"])
def test_an_address_that_is_none_is_refused(listen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = problems_with(monkeypatch, {"PATRONAGE_CUSTOMERS_LISTEN": listen})
    assert line.endswith(f"{listen!r} is no address; it wants host:port")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems_with(monkeypatch, {"PATRONAGE_CUSTOMERS_DATABASE_URL": ""})
    assert found[0].startswith("PATRONAGE_CUSTOMERS_DATABASE_URL (or PATRONAGE_DATABASE_URL): is not set")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"PATRONAGE_PLAINTEXT": "false"}, "PATRONAGE_CUSTOMERS_TLS_CERTIFICATE"),
        ({"PATRONAGE_TOKEN_SECRET": ""}, "PATRONAGE_CUSTOMERS_TOKEN_SECRET"),
        ({"PATRONAGE_TOKEN_SECRET": "short"}, "PATRONAGE_CUSTOMERS_TOKEN_SECRET"),
        ({"PATRONAGE_TLS_KEY": "/does/not/exist"}, "PATRONAGE_CUSTOMERS_TLS_KEY"),
    ],
)
def test_what_is_unsafe_or_contradicts_itself_is_refused(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], named: str
) -> None:
    assert any(line.startswith(named) for line in problems_with(monkeypatch, changes))


def test_tls_and_plaintext_exclude_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pem = tmp_path / "x.pem"
    pem.write_text("x")
    found = problems_with(monkeypatch, {"PATRONAGE_TLS_KEY": str(pem), "PATRONAGE_TLS_CERTIFICATE": str(pem)})
    assert found == ["PATRONAGE_CUSTOMERS_PLAINTEXT: must not be true together with TLS_CERTIFICATE"]


def test_bad_settings_end_the_process_with_2_and_never_print_a_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (GOOD | {"PATRONAGE_WORKERS": "many", "PATRONAGE_TOKEN_SECRET": "tiny-secret"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load_settings(PREFIX)
    printed = capsys.readouterr().err
    assert ended.value.code == 2
    assert "PATRONAGE_CUSTOMERS_WORKERS" in printed
    assert "tiny-secret" not in printed
    assert "hunter2" not in printed


def test_settings_do_not_show_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    shown = repr(read_settings(PREFIX, ServiceSettings))
    assert "hunter2" not in shown
    assert "s" * 32 not in shown

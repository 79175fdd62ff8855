"""The socket's folder is private, short enough, and the same for the same data, so that nothing piles up."""

import os
import tempfile
from pathlib import Path

import pytest

from services.local import socket_folder
from services.local.accounts import current_account
from services.local.socket_folder import make_socket_folder

LONG = "x" * 100


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary place of the test's own, which passes for short."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(socket_folder, "LONGEST_SOCKET_PATH", len(os.fsencode(place)) + 50)
    return place


def test_it_lies_beside_the_data(tmp_path: Path) -> None:
    folder = make_socket_folder(tmp_path, current_account())
    assert folder == tmp_path / "run"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_long_path_takes_the_same_temporary_folder_each_time(tmp_path: Path, temporary: Path) -> None:
    first = make_socket_folder(tmp_path / LONG, current_account())
    (first / "left over").touch()
    assert make_socket_folder(tmp_path / LONG, current_account()) == first
    assert list(temporary.iterdir()) == [first]
    assert list(first.iterdir()) == []


def test_a_name_that_is_taken_is_left_alone(tmp_path: Path, temporary: Path) -> None:
    taken = make_socket_folder(tmp_path / LONG, current_account())
    taken.rmdir()
    taken.symlink_to(tmp_path)
    folder = make_socket_folder(tmp_path / LONG, current_account())
    assert folder.parent == temporary
    assert folder != taken
    assert taken.is_symlink()

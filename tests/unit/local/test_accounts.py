"""Who runs PostgreSQL, and what that account can reach."""

import os
from pathlib import Path

import pytest

from services.local import accounts
from services.local.accounts import Account, may_reach, server_account

OWNER, MEMBER, STRANGER = (os.geteuid(), 77_777_777), (77_777_777, os.getegid()), (77_777_777, 77_777_777)


@pytest.mark.parametrize(
    ("mode", "who", "passes"),
    [
        (0o700, OWNER, True),
        (0o700, MEMBER, False),
        (0o700, STRANGER, False),
        (0o710, MEMBER, True),
        (0o710, STRANGER, False),
        (0o711, STRANGER, True),
        (0o077, OWNER, False),
        (0o701, MEMBER, False),
    ],
)
def test_a_folder_is_reached_by_the_bits_of_the_first_class_that_fits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int, who: tuple[int, int], passes: bool
) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    seen.chmod(mode)
    found = seen.stat()
    seen.chmod(0o700)
    assert accounts._may_pass(found, Account("x", *who)) is passes


def test_a_path_is_not_reached_when_one_folder_above_it_is_closed(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    inner.chmod(0o777)
    inner.parent.chmod(0o700)
    assert not may_reach(inner, Account("stranger", 77_777_777, 77_777_777))


def test_a_link_counts_as_what_it_leads_to(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to(closed)
    assert may_reach(link, accounts.current_account()) == may_reach(closed, accounts.current_account())


def test_an_ordinary_user_serves_as_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert server_account(tmp_path / "new").uid == 4711


def test_root_serves_as_someone_without_privileges(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert server_account(tmp_path / "new").name in accounts.FALLBACKS


def test_a_user_number_without_a_name_is_an_account_too() -> None:
    assert accounts._name_of(77_777_777) == "77777777"
    assert accounts._group_of(77_777_777) == 77_777_777

"""Which operating-system account runs PostgreSQL, and which paths that account can reach."""

import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.local.failures import LocalError

FALLBACKS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An operating-system user that PostgreSQL can run as."""

    name: str
    uid: int
    gid: int


def current_account() -> Account:
    uid = os.geteuid()
    return Account(_name_of(uid), uid, os.getegid())


def server_account(data: Path) -> Account:
    """Whoever owns the data; for new data this user, or an unprivileged one in place of root."""
    me = current_account()
    owner = data.stat().st_uid if data.exists() else me.uid
    if me.uid != 0:
        return me
    if owner != 0:
        return Account(_name_of(owner), owner, _group_of(owner))
    return _unprivileged()


def may_reach(path: Path, account: Account) -> bool:
    """Whether the account may enter (or run) the path and every folder above it, by mode bits alone."""
    resolved = path.resolve()
    return all(_may_pass(step.stat(), account) for step in (resolved, *resolved.parents))


def _may_pass(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _unprivileged() -> Account:
    for entry in _entries(FALLBACKS):
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise LocalError(
        "PostgreSQL refuses to run as root and this machine has neither the user 'postgres' nor 'nobody'."
        " Create one, or run this as an ordinary user."
    )


def _entries(names: tuple[str, ...]) -> Iterator[pwd.struct_passwd]:
    for name in names:
        try:
            yield pwd.getpwnam(name)
        except KeyError:
            continue


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # containers often run under a number without a name
        return str(uid)


def _group_of(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid

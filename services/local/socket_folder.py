"""The private folder of PostgreSQL's socket: a path short enough for a socket, open to its account alone."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from services.local.accounts import Account, may_reach
from services.local.failures import LocalError

PORT = 5432  # names the socket; nothing listens on TCP
LONGEST_SOCKET_PATH = 103  # the smallest limit of the systems we know, less the final zero


def make_socket_folder(data_dir: Path, account: Account) -> Path:
    """Beside the data where that works, so that nothing is left elsewhere; else in a temporary place."""
    for folder in _candidates(data_dir, account):
        if os.geteuid() != account.uid:
            os.chown(folder, account.uid, account.gid)
        return folder
    raise LocalError(
        "No place for PostgreSQL's socket: its path may have about 100 characters, and the user"
        f" {account.name} must be able to pass the folders above it. Set TMPDIR to such a folder."
    )


def _candidates(data_dir: Path, account: Account) -> Iterator[Path]:
    beside = data_dir / "run"
    if _suits(data_dir, beside, account):
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        yield beside
    for place in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 (a fresh 0700 folder in it)
        if place.is_dir() and os.access(place, os.W_OK) and _suits(place, place / "patronage-12345678", account):
            yield Path(tempfile.mkdtemp(prefix="patronage-", dir=place))


def _suits(parent: Path, folder: Path, account: Account) -> bool:
    path = folder / f".s.PGSQL.{PORT}.lock"
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and may_reach(parent, account)

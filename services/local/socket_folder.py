"""The private folder of PostgreSQL's socket: a path short enough for a socket, open to its account alone."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from services.local.accounts import Account
from services.local.failures import LocalError

PORT = 5432  # names the socket; nothing listens on TCP
LONGEST_SOCKET_PATH = 103  # the smallest limit of the systems we know, less the final zero


def make_socket_folder(data_dir: Path, account: Account) -> Path:
    """Beside the data, so that nothing is left elsewhere; in a temporary place when that path is too long."""
    for folder in _candidates(data_dir):
        if os.geteuid() != account.uid:
            os.chown(folder, account.uid, account.gid)
        return folder
    raise LocalError("No place for PostgreSQL's socket, whose path may have about 100 characters: set TMPDIR.")


def _candidates(data_dir: Path) -> Iterator[Path]:
    beside = data_dir / "run"
    if _is_short(beside):
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        yield beside
    for place in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 (a fresh 0700 folder in it)
        if os.access(place, os.W_OK) and _is_short(place / "patronage-12345678"):
            yield Path(tempfile.mkdtemp(prefix="patronage-", dir=place))


def _is_short(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH

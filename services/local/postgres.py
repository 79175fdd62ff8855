"""An embedded PostgreSQL server for one data directory, reached through a socket in a private folder."""

import logging
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from services.local import processes
from services.local.accounts import server_account
from services.local.binaries import Binaries, find_binaries
from services.local.cluster import SUPERUSER, Cluster
from services.local.copied_binaries import reachable_binaries
from services.local.failures import DataDirectoryError, ProcessFailedError
from services.local.locks import FileLock
from services.local.socket_folder import PORT, make_socket_folder

logger = logging.getLogger(__name__)

START_LIMIT_S = 60.0
EARLIER_SERVER_LIMIT_S = 20.0
STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))

# Dynamic shared memory in files of the data directory: a killed server leaves none of it in /dev/shm, which
# besides is only 64 MB in a container, too little for a parallel join.
ALWAYS = {
    "listen_addresses": "",
    "dynamic_shared_memory_type": "mmap",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# Pages that a call reads should be in PostgreSQL's own memory: a look-up among a million customers then costs a third.
# An eighth of the machine's, taken only as it is used.
SHARE_OF_MEMORY = 8
LEAST_BUFFERS_MB, MOST_BUFFERS_MB = 128, 2_048

# What is committed still survives the kill of any process, since the system has it; only not the end of the
# machine. Autovacuum would hold template databases open while they are cloned, and change plans under a test.
NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "1h",
}


class Postgres:
    """`with Postgres(folder) as server: server.admin_url()`; the folder is made when it is missing.

    `durable=False` is for tests: quick, and safe from kills, but not from a crash of the machine.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, binaries: Binaries | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.log = self.data_dir / "postgres.log"
        self._durable = durable
        self._binaries = binaries
        self._launcher_lock = FileLock(self.data_dir / "launcher.lock")
        self._sockets: Path | None = None
        self._cluster: Cluster | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def cluster(self) -> Cluster:
        assert self._cluster is not None, "not open"
        return self._cluster

    @property
    def sockets(self) -> Path:
        """The private folder of the server's socket; the same across stop and start."""
        assert self._sockets is not None, "not open"
        return self._sockets

    @property
    def version(self) -> str:
        return self.cluster.binaries.version

    def describe(self) -> str:
        return f"PostgreSQL {self.version} ({self.cluster.binaries.origin}) on {self.data_dir}"

    def admin_url(self, database: str = "postgres") -> str:
        """A URL for the superuser, for psycopg and SQLAlchemy alike."""
        return self.url(SUPERUSER, database)

    def url(self, role: str, database: str) -> str:
        """A URL for a role; it needs no password, since only this account can reach the socket."""
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{quote(role)}@/{quote(database)}?host={host}&port={PORT}"

    def open(self) -> None:
        """Takes the data directory for this process, makes what is missing, and starts the server."""
        self._take()
        try:
            account = server_account(self.data_dir / "pgdata")
            binaries = reachable_binaries(self._binaries or find_binaries(), account)
            self._cluster = Cluster(self.data_dir / "pgdata", binaries, account)
            self.cluster.create_if_missing(durable=self._durable)
            self._sockets = make_socket_folder(self.data_dir, account)
            self.start()
        except BaseException:
            self.close()
            raise
        logger.info("%s", self.describe())

    def close(self) -> None:
        """Stops the server and gives the data directory back."""
        self.stop()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = self._cluster = None
        self._launcher_lock.release()

    def start(self) -> None:
        """Starts the server and waits until it takes connections; recovers first when it was killed."""
        lock = self._wait_for_earlier_server()
        try:
            self._clear_left_overs()
            self._process = self.cluster.serve(self._options(), self.sockets, self.log, lock.descriptor)
        finally:
            lock.release()
        try:
            processes.wait_until(self._process, self._is_ready, name="PostgreSQL", log=self.log, limit_s=START_LIMIT_S)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """A fast shutdown: sessions are ended, data are written; harder only when that takes too long."""
        if self._process is not None:
            processes.end(self._process, STOP_STEPS)
            self._process = None

    def kill(self) -> None:
        """SIGKILL, as the system does when it is out of memory."""
        if self._process is not None:
            processes.end(self._process, STOP_STEPS[-1:])
            self._process = None

    def fail_if_ended(self) -> None:
        if self._process is not None and (status := self._process.poll()) is not None:
            raise ProcessFailedError(f"PostgreSQL ended with status {status}:\n{processes.tail(self.log)}")

    def _take(self) -> None:
        self.data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        try:
            taken = self._launcher_lock.acquire()
        except PermissionError as error:
            raise DataDirectoryError(
                f"{self.data_dir} belongs to another user. Run this as that user, or use another directory."
            ) from error
        if not taken:
            holder = self._launcher_lock.path.read_text().strip() or "another process"
            raise DataDirectoryError(f"{self.data_dir} is in use by {holder}. Stop it, or use another data directory.")
        self._launcher_lock.note(f"process {os.getpid()}\n")

    def _wait_for_earlier_server(self) -> FileLock:
        """Each server process inherits this lock, so having it proves that no earlier one is left."""
        lock = FileLock(self.data_dir / "server.lock")
        if not lock.acquire(EARLIER_SERVER_LIMIT_S):
            raise DataDirectoryError(f"A PostgreSQL of an earlier start still runs on {self.data_dir}.")
        return lock

    def _clear_left_overs(self) -> None:
        """What a killed server leaves: a pid that now is a zombie or another program, or none yet, and its socket."""
        pid_file = self.cluster.data / "postmaster.pid"
        if pid_file.exists() and not _is_postgres(int((pid_file.read_text().split() or ["0"])[0])):
            pid_file.unlink()
        for left in self.sockets.iterdir():
            left.unlink()

    def _is_ready(self) -> bool:
        """What `pg_ctl --wait` looks at: the first line is the process, the eighth its state."""
        try:
            lines = (self.cluster.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        assert self._process is not None
        return len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"

    def _options(self) -> list[str]:
        settings = ALWAYS | ({"shared_buffers": shared_buffers()} if self._durable else NOT_DURABLE)
        return ["-p", str(PORT), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]


def _is_postgres(pid: int) -> bool:
    """False for a number that is free, is another program's by now, or is a zombie that nobody reaps."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # without /proc PostgreSQL must judge by itself
    name, rest = stat.split("(", 1)[1].rsplit(")", 1)
    return name == "postgres" and rest.split()[0] != "Z"


def shared_buffers() -> str:
    """The memory for pages, by that of the machine."""
    machine_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return f"{min(max(machine_mb // SHARE_OF_MEMORY, LEAST_BUFFERS_MB), MOST_BUFFERS_MB)}MB"

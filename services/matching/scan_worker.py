"""The scan worker takes scans from the table, one at a time, and runs each in a process that it watches."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict

from services.matching.domain.scan import ScanJob, ScanTotals
from services.matching.operations.hold_scan import claim_scan, fail_scan, give_back_scan, keep_scan
from services.matching.operations.run_scan import Limits
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.logs import get_logger
from services.runtime.process import DIE_WITH_PARENT
from services.runtime.worker import Worker

LOOK_EVERY_S = 2.0
HEARTBEAT_S = 1.0
AGAIN_BELOW = 50_000
"""Customers up to which the process of a scan runs another one; a larger scan leaves too much memory behind."""

_LOST = 3
_WORDS_OF_STDERR = 500

_NAME = "scans"
_log = get_logger(_NAME)


class ScanWorker(Worker):
    """Takes scans; `wake` is called when one was asked for. One that runs at the end is given back for others."""

    def __init__(self, database: Database, upkeep: Database, database_url: str, limits: Limits) -> None:
        super().__init__(_NAME, "scans cannot be looked after")
        self._database = database
        self._upkeep = upkeep
        self._database_url = database_url
        self._limits = limits
        self._ready: ScanProcess | None = None
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-6:]}"

    def work(self) -> None:
        """Run one scan after the other, each in the process at hand."""
        while not self.stopping.is_set():
            self._process_at_hand()
            job = claim_scan(self._upkeep, self._holder)
            if job is not None:
                self._watch(job)
            else:
                self.sleep(LOOK_EVERY_S)
            self.went_well()

    def clean_up(self) -> None:
        """End the process that waits for a scan."""
        if self._ready is not None:
            self._ready.end()

    def _watch(self, job: ScanJob) -> None:
        _log.info("scan starts", company=job.company_id, scan_id=job.scan_id)
        process, self._ready = self._process_at_hand(), None
        try:
            process.begin(job, self._database_url, self._limits)
            ended = self._keep(job, process)
            self._ready = process if ended and process.takes_another else None
        finally:
            if self._ready is None:
                process.end()
        if self.stopping.is_set() and not ended:
            give_back_scan(self._database, job)
        elif ended and process.code not in (0, _LOST):
            _log.error("scan failed", company=job.company_id, scan_id=job.scan_id, cause=process.last_words())
            fail_scan(
                self._database, job, f"The scan ended unexpectedly (exit code {process.code}). Start another one."
            )
        _log.info("scan ends", company=job.company_id, scan_id=job.scan_id, code=process.code)

    def _process_at_hand(self) -> "ScanProcess":
        """Return a process that has imported what a scan needs, which takes longer than a small scan."""
        if self._ready is None or self._ready.is_gone:
            self._ready = ScanProcess()
        return self._ready

    def _keep(self, job: ScanJob, process: "ScanProcess") -> bool:
        """Send heartbeats until the process ends; False when it is to be stopped before."""
        while not process.ended(HEARTBEAT_S, self.stopping):
            if self.stopping.is_set() or not keep_scan(self._database, job, process.totals):
                return False
        return True


class ScanProcess:
    """A process that waits for scans and runs them, one at a time, until `end`; after a large one it ends itself."""

    def __init__(self) -> None:
        self.totals = ScanTotals()
        self.takes_another = False
        self.is_gone = False
        self._said: int | None = None
        self._done = threading.Event()
        self._words: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.matching.scan_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, DIE_WITH_PARENT: str(os.getpid())},
        )
        self._readers = [self._reader(self._listen), self._reader(self._overhear)]

    def begin(self, job: ScanJob, database_url: str, limits: Limits) -> None:
        """Let it run a scan; a process that has ended meanwhile is noticed by its end."""
        assert self._process.stdin is not None
        self.totals, self.takes_another, self._said, self._words = ScanTotals(), False, None, []
        order = {"database_url": database_url, "job": asdict(job), "limits": asdict(limits), "again_below": AGAIN_BELOW}
        self._done.clear()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """End it now."""
        self._process.kill()
        for reader in self._readers:
            reader.join()
        with contextlib.suppress(BrokenPipeError):
            self._process.__exit__(None, None, None)

    def ended(self, within_s: float, stopping: threading.Event) -> bool:
        """Whether the scan ends within the time; at once when the worker stops."""
        return self._done.wait(0 if stopping.is_set() else within_s) or self.is_gone

    @property
    def code(self) -> int:
        """How the scan ended, or the process before that: minus the signal that ended it."""
        return self._process.wait() if self._said is None else self._said

    def last_words(self) -> str:
        """The end of what it wrote to stderr."""
        return "".join(self._words)[-_WORDS_OF_STDERR:]

    def _reader(self, read: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=read, name="scan output", daemon=True)
        thread.start()
        return thread

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "code" in said:
                self._said, self.takes_another = said["code"], said["again"]
                self._done.set()
            else:
                self.totals = ScanTotals(**said)
        self._process.wait()
        self.is_gone = True
        self._done.set()

    def _overhear(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._words = [*self._words[-20:], line]

"""One service as a child process: started, known to serve, ended in good order or killed, started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import services
from services.local import processes
from services.local.failures import ProcessFailedError
from services.runtime.health_probe import is_serving

ROOT = Path(services.__file__).resolve().parents[1]
START_LIMIT_S = 180.0
DRAIN_S = 10.0
STOP_STEPS = ((signal.SIGTERM, DRAIN_S + 5.0), (signal.SIGKILL, 10.0))
PASSED_ON = ("PATRONAGE_LOG_LEVEL", "PATRONAGE_LOG_FORMAT")


class ServiceProcess:
    """A service on a fixed address; `start` spawns it, `wait_until_serving` returns once its health is SERVING."""

    def __init__(
        self, name: str, target: str, settings: Mapping[str, str], folder: Path, command: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.target = target
        self.log = folder / f"{name}.log"
        self._port_file = folder / f"{name}.port"
        self._command = command or (sys.executable, "-m", f"services.{name}")
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProcessFailedError(f"{self.name} was not started.")
        return self._process

    def start(self) -> None:
        """Does nothing when it runs already."""
        if self._process is not None and self._process.poll() is None:
            return
        self._port_file.unlink(missing_ok=True)
        self._process = processes.spawn(self._command, log=self.log, environment=self._environment(), folder=ROOT)

    def wait_until_serving(self, limit_s: float = START_LIMIT_S) -> None:
        processes.wait_until(self.process, self._serves, name=self.name, log=self.log, limit_s=limit_s)

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting: so that several drain at the same time."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        self._end(STOP_STEPS)

    def kill(self) -> None:
        self._end(STOP_STEPS[-1:])

    def fail_if_ended(self) -> None:
        if self._process is not None and (status := self._process.poll()) is not None:
            raise ProcessFailedError(f"{self.name} ended with status {status}:\n{processes.tail(self.log)}")

    def _end(self, steps: Sequence[tuple[signal.Signals, float]]) -> None:
        if self._process is not None:
            processes.end(self._process, steps)
            self._process = None

    def _serves(self) -> bool:
        """The file comes first, since asking for it costs nothing while the service imports its modules."""
        return self._port_file.exists() and is_serving(self.target)

    def _environment(self) -> dict[str, str]:
        """The settings alone: what the shell says for another installation must not mix in."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PATRONAGE_", "PG")) or name in PASSED_ON
        }
        own = {
            "PATRONAGE_LISTEN": self.target,
            "PATRONAGE_PORT_FILE": str(self._port_file),
            "PATRONAGE_DIE_WITH_PARENT": str(os.getpid()),
            "PATRONAGE_DRAIN_SECONDS": str(DRAIN_S),
        }
        return inherited | own | dict(self._settings)

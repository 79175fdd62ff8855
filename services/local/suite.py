"""The whole suite on one machine: PostgreSQL and the three services, started together and ended in order."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from services.local.migrate import migrate_one
from services.local.own_server import OwnServer
from services.local.ports import ReservedPort, reserve
from services.local.postgres import Postgres
from services.local.service_process import ServiceProcess
from services.local.tokens import DEVELOPER_SCOPES, Tokens
from services.runtime import provision
from services.runtime.process import SignalSafeEvent

SERVICES = ("customers", "matching", "analytics")
POSTGRES = "postgres"
LOOK_EVERY_S = 0.5


class Suite:
    """`with Suite(folder) as suite: suite.context()`; without a folder the data go when the suite ends.

    Start it from the main thread: its processes end with the thread that started them.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        first_port: int = 0,
        durable: bool = True,
        company_id: str = "demo",
        database_url: str = "",
        settings: Mapping[str, str] | None = None,
        commands: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`database_url` is an administrator's on a server of your own, in place of the embedded one; `settings`
        are PATRONAGE_* variables for all three; `commands` run something else as a service."""
        self.company_id = company_id
        self._temporary = data_dir is None
        self.data_dir = data_dir.absolute() if data_dir else _temporary_folder()
        self.data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.postgres = OwnServer(database_url) if database_url else Postgres(self.data_dir, durable=durable)
        self._role_passwords = bool(database_url)
        self.services: dict[str, ServiceProcess] = {}
        self._first_port = first_port
        self._settings = settings or {}
        self._commands = commands or {}
        self._ports: list[ReservedPort] = []
        self._tokens: Tokens | None = None
        self._end = SignalSafeEvent()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Returns when all three serve; when one cannot, everything is ended again and its log is shown."""
        try:
            self._ports = reserve(self._first_port, len(SERVICES))
            self.postgres.open()
            self._tokens = Tokens.of(self.data_dir)
            self._prepare_services()
            for name in SERVICES:  # each starts while the next one's database is migrated
                self._migrate(name)
                self.services[name].start()
            for service in self.services.values():
                service.wait_until_serving()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Services first, all at once, and PostgreSQL last."""
        for service in self.services.values():
            service.ask_to_stop()
        for service in self.services.values():
            service.stop()
        self.postgres.close()
        for port in self._ports:
            port.release()
        if self._temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def context(self) -> dict[str, str]:
        """What a client needs: the three targets, a developer's token, and its company."""
        targets = {name: service.target for name, service in self.services.items()}
        return {**targets, "token": self.token(self.company_id), "company_id": self.company_id}

    def token(self, company_id: str, *, scopes: Iterable[str] = DEVELOPER_SCOPES, subject: str = "developer") -> str:
        return self.tokens.developer(company_id, scopes=scopes, subject=subject)

    @property
    def tokens(self) -> Tokens:
        assert self._tokens is not None, "not open"
        return self._tokens

    def start(self, name: str) -> None:
        """Starts a service, or `postgres`, where it was before; returns when it serves."""
        if name == POSTGRES:
            self.postgres.start()
            return
        self.services[name].start()
        self.services[name].wait_until_serving()

    def stop(self, name: str) -> None:
        """Asks a service, or `postgres`, to end, and waits until it has."""
        self._part(name).stop()

    def kill(self, name: str) -> None:
        """SIGKILL, to a service or to `postgres`."""
        self._part(name).kill()

    def log(self, name: str) -> Path:
        return self._part(name).log

    def ask_to_end(self) -> None:
        """Lets `watch` return; made for signal handlers."""
        self._end.set()

    def watch(self) -> None:
        """Returns when asked to end; raises ProcessFailedError when a process of the suite ends by itself."""
        while not self._end.wait(LOOK_EVERY_S):
            self.postgres.fail_if_ended()
            for service in self.services.values():
                service.fail_if_ended()

    def url(self, service: str, role: str) -> str:
        """The connection string of a role of a service: runtime, feed, upkeep or owner."""
        return provision.role_url(self.postgres.admin_url(), service, role, password=self._role_password())

    def _role_password(self) -> str:
        """The embedded server needs none: only this account reaches its socket."""
        return self.tokens.derived("roles of the database") if self._role_passwords else ""

    def _part(self, name: str) -> Postgres | OwnServer | ServiceProcess:
        return self.postgres if name == POSTGRES else self.services[name]

    def _migrate(self, name: str) -> None:
        migrate_one(self.postgres.admin_url(), name, self._role_password())

    def _prepare_services(self) -> None:
        targets = {name: port.target for name, port in zip(SERVICES, self._ports, strict=True)}
        for name, target in targets.items():
            settings = self._shared_settings(targets) | self._own_settings(name) | dict(self._settings)
            self.services[name] = ServiceProcess(name, target, settings, self.data_dir, self._commands.get(name, ()))

    def _shared_settings(self, targets: Mapping[str, str]) -> dict[str, str]:
        return {
            "PATRONAGE_PLAINTEXT": "true",
            "PATRONAGE_DEVELOPMENT": "true",
            "PATRONAGE_SHARE_PORT": "true",  # with the socket that reserves the port
            "PATRONAGE_TOKEN_SECRET": self.tokens.secret,
            **{f"PATRONAGE_{name.upper()}": target for name, target in targets.items()},
        }

    def _own_settings(self, name: str) -> dict[str, str]:
        prefix = f"PATRONAGE_{name.upper()}_"
        return {
            f"{prefix}DATABASE_URL": self.url(name, "runtime"),
            f"{prefix}FEED_DATABASE_URL": self.url(name, "feed"),
            f"{prefix}UPKEEP_DATABASE_URL": self.url(name, "upkeep"),
            f"{prefix}SERVICE_TOKEN": self.tokens.service(name),
        }


def _temporary_folder() -> Path:
    """Passable for others, since as root PostgreSQL runs under another account."""
    folder = Path(tempfile.mkdtemp(prefix="patronage-suite-"))
    folder.chmod(0o711)
    return folder

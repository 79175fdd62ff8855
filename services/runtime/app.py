"""A service put together: what it serves, what works beside it, and what it gives back in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from services.runtime.access import AccessTable
from services.runtime.database import Database
from services.runtime.interceptors.status import DetailsOf, no_details
from services.runtime.logs import get_logger
from services.runtime.server import Background, ServiceRegistration, SuiteServer, build_server, serve
from services.runtime.settings import ServiceSettings
from services.runtime.siblings import Siblings
from services.wire.closing import close_channels

_log = get_logger("app")


@dataclass(frozen=True)
class App:
    """The parts of a service. The first database is the one of its calls, the others are the same as other roles."""

    settings: ServiceSettings
    access: AccessTable
    services: Sequence[ServiceRegistration]
    background: Sequence[Background]
    databases: Sequence[Database]
    channels: Sequence[grpc.Channel] = ()
    details_of: DetailsOf = no_details
    ready: Callable[[], bool] | None = None
    siblings: Siblings | None = None

    @property
    def database(self) -> Database:
        """The database of the calls."""
        return self.databases[0]

    def serve(self) -> int:
        """Serve until asked to stop; answers the exit code of the process."""
        try:
            return serve(self.settings, background=self.background, siblings=self.siblings, **self._served())
        finally:
            self.close()

    def server(self) -> SuiteServer:
        """A server with its port bound and nothing beside it, for tests in one process."""
        return build_server(self.settings, **self._served())

    def close(self) -> None:
        """Give every connection back."""
        if not close_channels(self.channels):
            _log.warning("channels to other services do not close and are left to the end of the process")
        for database in self.databases:
            database.close()

    def _served(self) -> dict[str, Any]:
        return {
            "services": self.services,
            "access": self.access,
            "details_of": self.details_of,
            "ready": self.ready,
        }

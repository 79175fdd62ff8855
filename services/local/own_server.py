"""A PostgreSQL server that somebody else runs, used in place of the embedded one."""

from pathlib import Path

import psycopg

from services.local.binaries import OLDEST_MAJOR
from services.local.failures import LocalError


class OwnServer:
    """Answers like `Postgres`, and never starts or stops anything. The URL is an administrator's."""

    log = Path("/dev/null")

    def __init__(self, url: str) -> None:
        self._url = url
        self._version = ""

    def open(self) -> None:
        try:
            with psycopg.connect(self._url, connect_timeout=10) as connection:
                number = connection.info.server_version
        except psycopg.Error as error:
            raise LocalError(f"PATRONAGE_DATABASE_URL cannot be used: {str(error).strip()}") from error
        if number // 10_000 < OLDEST_MAJOR:
            raise LocalError(f"PATRONAGE_DATABASE_URL is PostgreSQL {number // 10_000}; {OLDEST_MAJOR} is needed.")
        self._version = f"{number // 10_000}.{number % 10_000}"

    def close(self) -> None:
        """Nothing of it is ours."""

    def start(self) -> None:
        raise LocalError("A server of your own is started by you.")

    def stop(self) -> None:
        raise LocalError("A server of your own is stopped by you.")

    def kill(self) -> None:
        self.stop()

    def fail_if_ended(self) -> None:
        """Its services notice and say so."""

    def admin_url(self) -> str:
        return self._url

    def describe(self) -> str:
        return f"PostgreSQL {self._version} (PATRONAGE_DATABASE_URL)"

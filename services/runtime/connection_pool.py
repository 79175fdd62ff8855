"""The pool of connections: the one that was given back last is taken first."""

from __future__ import annotations

from psycopg_pool import ConnectionPool

from services.runtime.connections import Connection


class LatestFirst(ConnectionPool[Connection]):
    """A pool that uses as few connections as it can: what a server process has read last is still at hand for it.

    The usual pool goes round all of them, so that each call finds the coldest process. Where a later version of it
    takes connections in another way, this one does so too.
    """

    def _get_ready_connection(self, timeout: float | None) -> Connection | None:
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)

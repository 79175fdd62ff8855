"""A gRPC server of the suite: built from its services, started, watched, drained and stopped."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
from grpc_channelz.v1 import channelz
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.runtime.access import AccessTable
from services.runtime.interceptors.chain import chain
from services.runtime.interceptors.gate import Gate, Pools
from services.runtime.interceptors.status import DetailsOf, no_details
from services.runtime.logs import get_logger, set_up_logs
from services.runtime.pools import CappedPool
from services.runtime.process import StopSignals, die_with_parent, write_port_file
from services.runtime.readiness import Readiness
from services.runtime.settings import ServiceSettings
from services.runtime.siblings import Siblings
from services.runtime.streams import StreamEnds
from services.runtime.tokens_jwt import TokenVerifier

_WAITING_PER_WORKER = 32
_SIDE_WORKERS = 2
_LAST_HANDLERS_S = 5.0
_SIDE_WAITING = 1_000
_COLLECTOR = (50_000, 20, 20)
_MESSAGE_BYTES = 8 * 1024 * 1024

_log = get_logger("server")


@dataclass(frozen=True, slots=True)
class ServiceRegistration:
    """One gRPC service: its full name, and what adds its servicer to a server."""

    name: str
    add_to: Callable[[grpc.Server], None]


class Background(Protocol):
    """Work beside the calls, such as a follower."""

    def start(self) -> None:
        """Begin, in a thread of its own."""

    def stop(self) -> None:
        """End it; what is at hand is finished."""


class CannotListen(Exception):  # noqa: N818 - said to the operator as it is
    """The address is in use, or not one of this machine."""


class SuiteServer:
    """A server that has its port, and serves once it is started."""

    def __init__(self, server: grpc.Server, port: int, readiness: Readiness, ends: StreamEnds, pools: Pools) -> None:
        self.port = port
        self._server = server
        self._readiness = readiness
        self._ends = ends
        self._pools = pools

    def start(self) -> None:
        """Serve."""
        self._server.start()
        self._readiness.start()

    def stop(self, grace: float | None = None) -> None:
        """Say NOT_SERVING, end the streams, let running calls finish within the grace, and stop."""
        self._readiness.stop()
        self._ends.drain()
        self._server.stop(grace).wait()
        for pool in (self._pools.unary, self._pools.streams, self._pools.side):
            # A call that was cancelled is over for gRPC while its handler still runs, and writes its log line.
            pool.wait_until_idle(_LAST_HANDLERS_S)
            pool.shutdown(wait=False)

    def __enter__(self) -> SuiteServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def build_server(
    settings: ServiceSettings,
    *,
    services: Sequence[ServiceRegistration],
    access: AccessTable,
    details_of: DetailsOf = no_details,
    ready: Callable[[], bool] | None = None,
) -> SuiteServer:
    """A server with its port bound, not yet serving. Raises CannotListen."""
    open_reflection = settings.development or settings.reflection
    links = chain(TokenVerifier(settings), access, details_of=details_of, open_reflection=open_reflection)
    pools = _pools(settings)
    server = grpc.server(pools.unary, interceptors=[Gate(links, pools)], options=_options(settings))
    for service in services:
        service.add_to(server)
    names = [service.name for service in services]
    readiness = Readiness(_add_health(server), names, ready)
    _add_reflection(server, names)
    channelz.add_channelz_servicer(server)
    return SuiteServer(server, _bind(server, settings), readiness, links.ends, pools)


def serve(
    settings: ServiceSettings,
    *,
    services: Sequence[ServiceRegistration],
    access: AccessTable,
    details_of: DetailsOf = no_details,
    background: Sequence[Background] = (),
    ready: Callable[[], bool] | None = None,
    siblings: Siblings | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, drain, and answer the exit code of the process."""
    lines = set_up_logs(settings.log_level, settings.log_format)
    die_with_parent()
    signals = StopSignals()
    try:
        server = build_server(settings, services=services, access=access, details_of=details_of, ready=ready)
    except CannotListen as error:
        _log.error("cannot listen", listen=settings.listen, cause=str(error))
        return 2
    lines.write_together()
    _run(server, settings, background, signals, siblings or Siblings(0, lambda port: {}, 0.0))
    lines.flush()
    return 0


def _run(
    server: SuiteServer,
    settings: ServiceSettings,
    background: Sequence[Background],
    signals: StopSignals,
    siblings: Siblings,
) -> None:
    # What was built so far lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTOR)
    server.start()
    siblings.start(server.port)
    for work in background:
        work.start()
    write_port_file(server.port)
    _log.info("serving", listen=settings.listen, port=server.port, plaintext=settings.plaintext)
    signals.wait()
    _log.info("draining", seconds=settings.drain_seconds)
    siblings.ask_to_stop()
    server.stop(settings.drain_seconds)
    for work in reversed(background):
        work.stop()
    siblings.stop()
    _log.info("stopped")


def _pools(settings: ServiceSettings) -> Pools:
    return Pools(
        unary=CappedPool(settings.workers, settings.workers * _WAITING_PER_WORKER, "unary"),
        streams=CappedPool(settings.stream_workers, 0, "stream"),
        side=CappedPool(_SIDE_WORKERS, _SIDE_WAITING, "side"),
    )


def _options(settings: ServiceSettings) -> list[tuple[str, Any]]:
    return [
        ("grpc.so_reuseport", int(settings.share_port)),
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.enable_channelz", 1),
        # Streams are quiet for long: find out about clients that vanished, and let clients do the same.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]


def _bind(server: grpc.Server, settings: ServiceSettings) -> int:
    try:
        if settings.tls_certificate is None or settings.tls_key is None:
            port = server.add_insecure_port(settings.listen)
        else:
            port = server.add_secure_port(settings.listen, _credentials(settings))
    except RuntimeError as error:
        raise CannotListen(str(error)) from error
    if not port:
        raise CannotListen(settings.listen)
    return port


def _credentials(settings: ServiceSettings) -> grpc.ServerCredentials:
    assert settings.tls_key is not None
    assert settings.tls_certificate is not None
    pair = (settings.tls_key.read_bytes(), settings.tls_certificate.read_bytes())
    clients = settings.tls_client_ca.read_bytes() if settings.tls_client_ca else None
    return grpc.ssl_server_credentials([pair], clients, require_client_auth=clients is not None)


def _add_health(server: grpc.Server) -> health.HealthServicer:
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    return servicer


def _add_reflection(server: grpc.Server, names: Sequence[str]) -> None:
    health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
    reflection.enable_server_reflection([*names, health_name, reflection.SERVICE_NAME], server)

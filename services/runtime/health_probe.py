"""Asks a server whether it serves: `python -m services.runtime.health_probe HOST:PORT [SERVICE]` exits 0 or 1."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_TIMEOUT_S = 3.0


def is_serving(target: str, service: str = "", *, ca_file: str | None = None) -> bool:
    """Whether the server at the target says SERVING."""
    request = health_pb2.HealthCheckRequest(service=service)
    with _channel(target, ca_file) as channel:
        try:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            answer = stub.Check(request, timeout=_TIMEOUT_S)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def main(arguments: list[str]) -> int:
    """Probe as the command line asks; PATRONAGE_TLS_CA names the CA file of a server with TLS.

    Where the server asks for a certificate, its own is shown: the probe runs beside it, with its environment.
    """
    if len(arguments) not in (1, 2):
        sys.stderr.write("usage: python -m services.runtime.health_probe HOST:PORT [SERVICE]\n")
        return 2
    return 0 if is_serving(*arguments, ca_file=os.environ.get("PATRONAGE_TLS_CA")) else 1


def _channel(target: str, ca_file: str | None) -> grpc.Channel:
    if not ca_file:
        return grpc.insecure_channel(target)
    own = [_file_in("PATRONAGE_TLS_KEY"), _file_in("PATRONAGE_TLS_CERTIFICATE")]
    shown = own if all(own) else [None, None]
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(Path(ca_file).read_bytes(), *shown))


def _file_in(variable: str) -> bytes | None:
    name = os.environ.get(variable)
    return Path(name).read_bytes() if name else None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

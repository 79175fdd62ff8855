"""Channel owns the connection to a service: TLS, keepalive, and a token that may be renewed while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grpc

from services.client.settings import ClientSettings
from services.wire.options import OPTIONS
from services.wire.token_file import TokenFile


def open_channel(settings: ClientSettings, service: str) -> grpc.Channel:
    """A channel to a service. Raises OSError where a certificate cannot be read, ValueError where it is none."""
    target = settings.target(service)
    if settings.is_plaintext(target):
        return grpc.insecure_channel(target, options=OPTIONS)
    credentials = grpc.ssl_channel_credentials(
        _pem(settings.tls_ca, "CERTIFICATE"),
        _pem(settings.tls_key, "PRIVATE KEY"),
        _pem(settings.tls_certificate, "CERTIFICATE"),
    )
    return grpc.secure_channel(target, credentials, options=OPTIONS)


def token_source(settings: ClientSettings) -> Callable[[], str]:
    """What gives the token of a call."""
    return TokenFile(settings.token_file).read if settings.token_file is not None else lambda: settings.token


def _pem(path: Path | None, kind: str) -> bytes | None:
    if path is None:
        return None
    found = path.read_bytes()
    if f"{kind}-----".encode() not in found:
        raise ValueError(f"{path} holds no PEM {kind.lower()}")
    return found

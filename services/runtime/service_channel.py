"""A channel to another service of the suite: TLS or explicit plaintext, the token of this service, keepalive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from services.runtime.caller import caller_of
from services.runtime.settings import ServiceSettings
from services.wire.call_details import signed
from services.wire.options import OPTIONS
from services.wire.token_file import TokenFile

# A follower's stream is quiet for long, and between two calls of others the peer may go away as well.
_OPTIONS = [*OPTIONS, ("grpc.keepalive_permit_without_calls", 1)]

Channel = grpc.Channel
"""What the functions here open; for those who put a service together and need no more of gRPC."""


def channel(target: str, settings: ServiceSettings, *, company_id: str = "") -> grpc.Channel:
    """A channel whose calls carry the token of this service, and name a company if one is given.

    For a company that differs from call to call, give `metadata=for_company(company_id)` with the call.
    """
    return grpc.intercept_channel(nobodys_channel(target, settings), _Identity(_token_of(settings), company_id))


def nobodys_channel(target: str, settings: ServiceSettings) -> grpc.Channel:
    """A channel whose calls carry no token of their own: give `metadata=on_behalf(context)` with each."""
    if settings.plaintext:
        return grpc.insecure_channel(target, options=_OPTIONS)
    return grpc.secure_channel(target, _credentials(settings), options=_OPTIONS)


def on_behalf(context: Any) -> tuple[tuple[str, str], ...]:
    """The metadata of a call with the token of whom this one came from, so that it may read what they may."""
    caller = caller_of(context)
    given = dict(context.invocation_metadata())
    return (*for_company(caller.scope().company_id, caller.request_id), ("authorization", given["authorization"]))


def for_company(company_id: str, request_id: str = "") -> list[tuple[str, str]]:
    """The metadata of a call for one company, under the request id of the call that caused it."""
    named = [("company-id", company_id)]
    return [*named, ("request-id", request_id)] if request_id else named


def _credentials(settings: ServiceSettings) -> grpc.ChannelCredentials:
    def read(path: Path | None) -> bytes | None:
        return path.read_bytes() if path is not None else None

    return grpc.ssl_channel_credentials(read(settings.tls_ca), read(settings.tls_key), read(settings.tls_certificate))


def _token_of(settings: ServiceSettings) -> Callable[[], str]:
    if settings.service_token_file is not None:
        return TokenFile(settings.service_token_file).read
    fixed = settings.service_token.get_secret_value() if settings.service_token is not None else ""
    return lambda: fixed


class _Identity(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds the token and the company. Call credentials would do it too, but not without TLS."""

    def __init__(self, token: Callable[[], str], company_id: str) -> None:
        self._token = token
        self._company_id = company_id

    def _pass(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(signed(details, self._token(), self._company_id, details.timeout), request)

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self._pass(continuation, client_call_details, request)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self._pass(continuation, client_call_details, request)

    def intercept_stream_unary(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return self._pass(continuation, client_call_details, request_iterator)

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return self._pass(continuation, client_call_details, request_iterator)

"""Client owns the calls of the commands: the typed client at the places of a context, and what a failure says."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from services.cli.context import Context
from services.cli.failures import BadInputFailure, CommandFailure
from services.client import ClientSettings, PatronageClient, PatronageError

Client = PatronageClient
CALL_SECONDS = 30.0


class _Targets(dict[str, str]):
    """The places of a context; one that it does not know is a failure that says how to give it."""

    def __init__(self, context: Context) -> None:
        super().__init__({name: target for name, target in context.targets.items() if target})
        self._context = context

    def __missing__(self, service: str) -> str:
        return self._context.target(service)


@contextmanager
def connected(context: Context) -> Iterator[Client]:
    """Give a client; a call that fails inside ends the command with what the service says."""
    settings = ClientSettings(
        targets=_Targets(context), token=context.token, tls_ca=_authority(), deadline_s=CALL_SECONDS
    )
    try:
        with PatronageClient(settings) as client:
            yield client
    except PatronageError as error:
        raise CommandFailure(explained(error)) from error


def explained(error: PatronageError) -> str:
    """Return reason and message of a failed call."""
    if not error.reason and error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"UNAVAILABLE: the service does not answer; is `patronage up` running? ({error})"
    return f"{error.reason or error.code().name}: {error}"


def _authority() -> Path | None:
    """Return the file of the certificates that services are verified by, looked into before anything is called."""
    named = os.environ.get("PATRONAGE_TLS_CA")
    if not named:
        return None
    try:
        held = Path(named).read_bytes()
    except OSError as error:
        raise BadInputFailure(f"PATRONAGE_TLS_CA: {error}") from error
    if b"BEGIN CERTIFICATE" not in held:
        raise BadInputFailure(f"PATRONAGE_TLS_CA: {named} holds no PEM certificate")
    return Path(named)

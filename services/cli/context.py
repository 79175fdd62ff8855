"""Context owns where the services are and which token a command uses: options, environment, then the file of `up`."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from services.cli.failures import BadInputFailure

SERVICES = ("customers", "matching", "analytics")
DEFAULT_CONTEXT = Path(".patronage/context.json")

ContextOption = Annotated[
    Path | None,
    typer.Option("--context", help="The file that `patronage up` wrote.", show_default=str(DEFAULT_CONTEXT)),
]


@dataclass(frozen=True, slots=True)
class Context:
    """Targets by service as host:port, and a token; an empty one is not known."""

    targets: Mapping[str, str]
    token: str

    def target(self, service: str) -> str:
        """Return a service's target, or raise BadInputFailure."""
        if not self.targets.get(service):
            raise BadInputFailure(_unknown(f"the {service} service is", f"PATRONAGE_{service.upper()}"))
        return self.targets[service]


def read_context(path: Path | None) -> Context:
    """Return the context; the environment overrides the file."""
    found = _from_file(path)
    targets = {name: os.environ.get(f"PATRONAGE_{name.upper()}", found.get(name, "")) for name in SERVICES}
    token = os.environ.get("PATRONAGE_TOKEN", found.get("token", "")).strip()
    if not token:
        raise BadInputFailure(_unknown("a token is", "PATRONAGE_TOKEN"))
    if not (token.isascii() and token.isprintable()):
        raise BadInputFailure("the token is none: it has characters that no token has")
    return Context(targets, token)


@contextmanager
def written_context(path: Path, context: Mapping[str, str]) -> Iterator[None]:
    """Keep the file for later commands while the suite serves; one that another suite wrote since then stays."""
    _write(path, context)
    try:
        yield
    finally:
        with suppress(BadInputFailure):
            if _from_file(path) == context:
                path.unlink(missing_ok=True)


def _write(path: Path, context: Mapping[str, str]) -> None:
    """Write the file, readable for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(dict(context), file)
    draft.rename(path)


def _from_file(path: Path | None) -> dict[str, str]:
    if path is None and not DEFAULT_CONTEXT.is_file():
        return {}
    place = path or DEFAULT_CONTEXT
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputFailure(f"{place}: not readable as a context: {error}") from error
    if not isinstance(found, dict):
        raise BadInputFailure(f"{place}: not a context as `patronage up` writes it")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _unknown(what: str, variable: str) -> str:
    return f"{what} not known; run `patronage up` here, or set {variable}, or name a file with --context"

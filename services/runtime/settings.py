"""What a service reads from its environment; a bad variable is named together with what it wants."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

FALLBACK_PREFIX = "PATRONAGE_"
_SECRET_BYTES = 32
_HIGHEST_PORT = 65_535
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:]+):(\d{1,5})")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < _SECRET_BYTES:
        raise ValueError(f"must have at least {_SECRET_BYTES} bytes")
    return secret


def _host_and_port(text: str) -> str:
    found = _ADDRESS.fullmatch(text)
    if not found or int(found[2]) > _HIGHEST_PORT:
        raise ValueError(f"{text!r} is no address")
    return text


Address = Annotated[str, AfterValidator(_host_and_port)]
ExistingFile = Annotated[Path, AfterValidator(_existing)]
Secret = Annotated[SecretStr, AfterValidator(_long_enough)]


class ServiceSettings(BaseSettings):
    """The settings that every service has; a service may subclass it to add its own."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    listen: Address = Field("127.0.0.1:0", description="host:port")
    database_url: SecretStr = Field(description="postgresql://role:password@host:port/database")
    feed_database_url: SecretStr | None = Field(None, description="the same database as the feed role")
    upkeep_database_url: SecretStr | None = Field(None, description="the same database as the upkeep role")
    tls_certificate: ExistingFile | None = Field(None, description="a PEM file with the certificate chain")
    tls_key: ExistingFile | None = Field(None, description="a PEM file with the private key")
    tls_client_ca: ExistingFile | None = Field(None, description="a PEM file; clients must show a certificate")
    tls_ca: ExistingFile | None = Field(None, description="a PEM file that verifies the services called from here")
    plaintext: bool = Field(False, description="true serves and calls without TLS, for development only")
    token_secret: Secret | None = Field(None, description="the HS256 secret, at least 32 bytes")
    token_key_file: ExistingFile | None = Field(None, description="a PEM public key (RS256, ES256 or EdDSA)")
    token_jwks_file: ExistingFile | None = Field(None, description="a JWKS file")
    token_audience: str = Field("patronage", min_length=1, description="the audience that tokens must name")
    customers: str = Field("", description="host:port of the customers service")
    service_token: SecretStr | None = Field(None, description="the token of this service for calls to others")
    service_token_file: ExistingFile | None = Field(None, description="a file with that token, read again on change")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG to ERROR")
    log_format: Literal["json", "console"] = Field("json", description="json or console")
    workers: int = Field(8, ge=1, le=256, description="threads for unary calls")
    stream_workers: int = Field(16, ge=1, le=1024, description="threads for streams, and the most streams at once")
    share_port: bool = Field(False, description="true lets several processes serve one port (SO_REUSEPORT)")
    reflection: bool = Field(False, description="true answers reflection without a token")
    drain_seconds: float = Field(10.0, ge=0, le=600, description="how long running calls may finish after SIGTERM")
    development: bool = Field(False, description="true for a laptop: reflection is open")


S = TypeVar("S", bound=ServiceSettings)


class SettingsError(Exception):
    """Settings that cannot be used: one line for each bad variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_settings(prefix: str, cls: type[S]) -> S:
    """The settings under the prefix, each falling back to PATRONAGE_; raises SettingsError."""
    values = {**EnvSettingsSource(cls, env_prefix=FALLBACK_PREFIX, env_ignore_empty=True)(), **_own(prefix, cls)}
    try:
        settings = cls.model_validate(values)
    except ValidationError as error:
        raise SettingsError([_problem(prefix, cls, item) for item in error.errors()]) from None
    problems = [f"{prefix}{name.upper()}: {text}" for name, text in _contradictions(settings)]
    if problems:
        raise SettingsError(problems)
    return settings


def load_settings(prefix: str, cls: type[S] = ServiceSettings) -> S:  # type: ignore[assignment]
    """The settings under the prefix; a bad or missing variable ends the process with exit code 2."""
    try:
        return read_settings(prefix, cls)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


def _own(prefix: str, cls: type[ServiceSettings]) -> dict[str, Any]:
    return EnvSettingsSource(cls, env_prefix=prefix, env_ignore_empty=True)()


def _problem(prefix: str, cls: type[ServiceSettings], item: Any) -> str:
    name = str(item["loc"][0]) if item["loc"] else ""
    wants = cls.model_fields[name].description if name in cls.model_fields else ""
    said = "is not set" if item["type"] == "missing" else item["msg"].removeprefix("Value error, ")
    return f"{prefix}{name.upper()} (or {FALLBACK_PREFIX}{name.upper()}): {said}; it wants {wants}"


_RULES: list[tuple[str, str, Callable[[ServiceSettings], bool]]] = [
    (
        "tls_key",
        "is needed together with TLS_CERTIFICATE",
        lambda s: bool(s.tls_certificate) == bool(s.tls_key),
    ),
    ("tls_client_ca", "needs TLS_CERTIFICATE", lambda s: not s.tls_client_ca or bool(s.tls_certificate)),
    (
        "tls_certificate",
        "is not set; it wants a PEM file (for development without TLS set PLAINTEXT=true)",
        lambda s: bool(s.tls_certificate) or s.plaintext,
    ),
    (
        "plaintext",
        "must not be true together with TLS_CERTIFICATE",
        lambda s: not (s.plaintext and s.tls_certificate),
    ),
    (
        "token_secret",
        "is not set; one of TOKEN_SECRET, TOKEN_KEY_FILE and TOKEN_JWKS_FILE is needed to verify tokens",
        lambda s: bool(s.token_secret or s.token_key_file or s.token_jwks_file),
    ),
]


def _contradictions(settings: ServiceSettings) -> list[tuple[str, str]]:
    return [(name, text) for name, text, holds in _RULES if not holds(settings)]

"""Tokens: verifying those that callers send, and issuing them for development."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.runtime.failures import TokenExpired, Unauthenticated
from services.runtime.settings import ServiceSettings

ALL_COMPANIES = "*"
_COMPANY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
_CURVES = {"secp256r1": "ES256"}
_REMEMBERED = 10_000
_LONGEST = 255
_NEVER = 1e12
_UNKEPT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says about its bearer."""

    subject: str
    name: str
    company_id: str
    scopes: frozenset[str]
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Key:
    key: Any
    algorithm: str
    key_id: str | None = None


class TokenVerifier:
    """Verifies tokens by the configured keys, and remembers the verified ones until they expire."""

    def __init__(self, settings: ServiceSettings, clock: Callable[[], float] = time.time) -> None:
        self._audience = settings.token_audience
        self._keys = _keys(settings)
        self._clock = clock
        self._known: OrderedDict[str, Claims] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, token: str) -> Claims:
        """The claims of a token; raises TokenExpired or Unauthenticated."""
        claims = self._known.get(token)
        if claims is None:
            claims = _claims(self._decoded(token))
            self._remember(token, claims)
        if claims.expires_at <= self._clock():
            self._forget(token)
            raise _expired()
        return claims

    def _decoded(self, token: str) -> Mapping[str, Any]:
        key = self._key_for(token)
        # The clock is ours, so that an expired token is told apart from a bad one, remembered or not.
        options: Any = {"require": ["exp", "sub", "aud"], "verify_exp": False}
        try:
            decoded: Mapping[str, Any] = jwt.decode(
                token, key.key, algorithms=[key.algorithm], audience=self._audience, options=options
            )
            return decoded
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise _bad(str(error)) from error

    def _key_for(self, token: str) -> _Key:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise _bad(str(error)) from error
        for key in self._keys:
            if key.algorithm == header.get("alg") and key.key_id in (None, header.get("kid")):
                return key
        raise _bad(f"no key for alg {header.get('alg')!r} and kid {header.get('kid')!r}")

    def _remember(self, token: str, claims: Claims) -> None:
        with self._lock:
            self._known[token] = claims
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _forget(self, token: str) -> None:
        with self._lock:
            self._known.pop(token, None)


def issue_token(
    secret: str,
    subject: str,
    name: str,
    company_id: str,
    scopes: Iterable[str],
    lifetime_s: float = 86_400,
    audience: str = "patronage",
) -> str:
    """A token signed by the HS256 secret, for development."""
    now = time.time()
    payload = {
        "sub": subject,
        "name": name,
        "company_id": company_id,
        "scope": " ".join(sorted(scopes)),
        "iat": int(now),
        "exp": int(now + lifetime_s),
        "aud": audience,
    }
    return jwt.encode(payload, secret, algorithm="HS256")


def is_company_id(text: str) -> bool:
    """Whether the text can be the id of a company: letters, digits and `._:@-`, at most 128."""
    return _COMPANY.fullmatch(text) is not None


def _claims(payload: Mapping[str, Any]) -> Claims:
    company, scope = payload.get("company_id"), payload.get("scope", "")
    if not isinstance(company, str) or not (company == ALL_COMPANIES or is_company_id(company)):
        raise _bad("the claim company_id is missing or malformed")
    words = scope.split() if isinstance(scope, str) else scope
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _bad("the claim scope is malformed")
    expires, subject, name = payload["exp"], payload["sub"], payload.get("name", "")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not expires < _NEVER:
        raise _bad("the claim exp is malformed")
    if not subject or not _is_written_down(subject):
        raise _bad(f"the claim sub is malformed; it takes 1 to {_LONGEST} characters")
    return Claims(subject, name if _is_written_down(name) else "", company, frozenset(words), expires)


def _is_written_down(text: object) -> bool:
    """Whether a text can be kept: the audit and the records name who did what."""
    return isinstance(text, str) and len(text) <= _LONGEST and not _UNKEPT.search(text)


def _keys(settings: ServiceSettings) -> list[_Key]:
    keys: list[_Key] = []
    if settings.token_secret is not None:
        keys.append(_Key(settings.token_secret.get_secret_value(), "HS256"))
    if settings.token_key_file is not None:
        public = load_pem_public_key(settings.token_key_file.read_bytes())
        keys.append(_Key(public, _algorithm(public)))
    if settings.token_jwks_file is not None:
        keys.extend(_from_jwks(settings.token_jwks_file))
    return keys


def _from_jwks(path: Path) -> list[_Key]:
    parsed = jwt.PyJWKSet.from_dict(json.loads(path.read_text(encoding="utf-8")))
    return [_Key(item.key, _algorithm(item.key), item.key_id) for item in parsed.keys]


def _algorithm(key: Any) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return "RS256"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "EdDSA"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise ValueError("the key must be a public RSA, P-256 or Ed25519 key")


def _bad(cause: str) -> Unauthenticated:
    text = "Send a valid token in the metadata key authorization, as `Bearer <token>`."
    return Unauthenticated(text, cause=cause)


def _expired() -> TokenExpired:
    return TokenExpired("The token has expired. Get a new one.")

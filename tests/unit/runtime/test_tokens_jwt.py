"""Tokens: verified by secret, key file or JWKS file."""

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from services.runtime.failures import TokenExpired, Unauthenticated
from services.runtime.settings import ServiceSettings
from services.runtime.tokens_jwt import TokenVerifier, issue_token

SECRET = "a-secret-of-at-least-thirty-two-bytes"
PAYLOAD = {"sub": "ann", "company_id": "acme", "scope": "customers:read", "exp": 4e9, "aud": "patronage"}


def settings(**given: Any) -> ServiceSettings:
    needed: dict[str, Any] = {"database_url": "postgresql://x/y", "plaintext": True}
    return ServiceSettings(**needed, **given)


def by_secret(**given: Any) -> TokenVerifier:
    return TokenVerifier(settings(token_secret=SECRET), **given)


def signed(key: Any = SECRET, algorithm: str = "HS256", headers: Any = None, **changes: Any) -> str:
    payload = {k: v for k, v in (PAYLOAD | changes).items() if v is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers=headers)


def public_pem(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    return pem


def private_key(algorithm: str) -> Any:
    return {
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
    }[algorithm]()


def test_an_issued_token_is_verified() -> None:
    claims = by_secret().verify(issue_token(SECRET, "ann", "Ann", "acme", ["a:read", "a:write"]))
    assert (claims.subject, claims.name, claims.company_id) == ("ann", "Ann", "acme")
    assert claims.scopes == {"a:read", "a:write"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_key_file_verifies_its_algorithm(algorithm: str, tmp_path: Path) -> None:
    key = private_key(algorithm)
    path = tmp_path / "key.pem"
    path.write_bytes(public_pem(key))
    verifier = TokenVerifier(settings(token_key_file=path))
    assert verifier.verify(signed(key, algorithm)).subject == "ann"
    with pytest.raises(Unauthenticated):
        verifier.verify(signed(private_key(algorithm), algorithm))


def test_a_jwks_file_verifies_by_the_key_id(tmp_path: Path) -> None:
    first, second = private_key("EdDSA"), private_key("EdDSA")
    keys = [
        jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid}
        for kid, key in (("one", first), ("two", second))
    ]
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": keys}))
    verifier = TokenVerifier(settings(token_jwks_file=path))
    assert verifier.verify(signed(second, "EdDSA", {"kid": "two"})).subject == "ann"
    for headers in ({"kid": "one"}, {"kid": "three"}, None):
        with pytest.raises(Unauthenticated):
            verifier.verify(signed(second, "EdDSA", headers))


def test_a_public_key_is_no_secret_to_sign_with(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(public_pem(private_key("RS256")))
    verifier = TokenVerifier(settings(token_key_file=path, token_secret=SECRET))
    import hashlib
    import hmac

    from jwt.utils import base64url_encode

    head = base64url_encode(json.dumps({"alg": "HS256"}).encode())
    body = head + b"." + base64url_encode(json.dumps(PAYLOAD).encode())
    forged = body + b"." + base64url_encode(hmac.digest(path.read_bytes(), body, hashlib.sha256))
    with pytest.raises(Unauthenticated):
        verifier.verify(forged.decode())


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"aud": None},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"company_id": None},
        {"company_id": ""},
        {"company_id": "a b"},
        {"company_id": 7},
        {"scope": 7},
        {"scope": [1]},
        {"exp": True},
    ],
)
def test_a_token_with_a_wrong_or_missing_claim_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        by_secret().verify(signed(**changes))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ä.ö.ü", signed(algorithm="none", key=None)])
def test_what_is_no_signed_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        by_secret().verify(token)


def test_a_token_of_another_secret_is_refused_and_its_cause_stays_out_of_the_message() -> None:
    with pytest.raises(Unauthenticated, match="Bearer") as raised:
        by_secret().verify(signed("another-secret-of-at-least-32-bytes!!"))
    assert "ignature" in raised.value.cause
    assert "ignature" not in raised.value.message


def test_an_expired_token_is_told_apart_even_when_it_is_remembered() -> None:
    now = [1_000.0]
    verifier = by_secret(clock=lambda: now[0])
    token = signed(exp=2_000)
    assert verifier.verify(token).subject == "ann"
    now[0] = 2_000.0
    for _ in range(2):
        with pytest.raises(TokenExpired):
            verifier.verify(token)


def test_scopes_may_be_a_list() -> None:
    assert by_secret().verify(signed(scope=["a", "b"])).scopes == {"a", "b"}


def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.tokens_jwt._REMEMBERED", 2)
    verifier = by_secret()
    for subject in ("a", "b", "c"):
        verifier.verify(signed(sub=subject))
    assert [claims.subject for claims in verifier._known.values()] == ["b", "c"]


@pytest.mark.parametrize("claims", [{"exp": float("nan")}, {"exp": float("inf")}, {"exp": 10**400}], ids=str)
def test_a_token_that_never_expires_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        by_secret().verify(signed(**claims))


@pytest.mark.parametrize("subject", ["a\x00b", "half \ud800", "x" * 256])
def test_a_subject_that_cannot_be_written_down_is_refused(subject: str) -> None:
    with pytest.raises(Unauthenticated):
        by_secret().verify(signed(sub=subject))


@pytest.mark.parametrize("name", ["a\x00b", "half \ud800", "x" * 256, 7])
def test_a_name_that_cannot_be_written_down_is_left_out(name: Any) -> None:
    assert by_secret().verify(signed(name=name)).name == ""


@pytest.mark.parametrize("header", [b"[" * 4_000, b"[]", b"null", b'{"alg": ["HS256"]}', b'{"alg": "none"}', b"\xff"])
def test_a_hostile_header_is_refused(header: bytes) -> None:
    token = base64.urlsafe_b64encode(header).decode().rstrip("=") + ".e30.e30"
    with pytest.raises(Unauthenticated):
        by_secret().verify(token)

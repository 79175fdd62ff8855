"""Tokens for the local suite: the secret of a data directory, its developer's token and its services' own."""

import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from services.runtime.tokens_jwt import ALL_COMPANIES, is_company_id, issue_token

__all__ = ["DAY_S", "DEVELOPER_SCOPES", "Tokens", "has_tokens", "is_company_id"]

DEVELOPER_SCOPES = frozenset(
    {
        *(f"customers:{what}" for what in ("read", "write", "delete", "force", "read:deleted", "export", "erase")),
        *(f"matching:{what}" for what in ("read", "write", "admin")),
        *(f"analytics:{what}" for what in ("read", "write", "admin")),
        "settings:write",
        "feed:read",
        "audit:read",
        "merge:write",
        "ops:read",
    }
)
SERVICE_SCOPES = {
    "customers": frozenset[str](),
    "matching": frozenset({"customers:read", "customers:write", "feed:read", "merge:apply"}),
    "analytics": frozenset({"customers:read", "feed:read"}),
}
DAY_S = 86_400.0


class Tokens:
    """Issues tokens that the services of one data directory accept."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @classmethod
    def of(cls, data_dir: Path) -> "Tokens":
        """The secret stays the same for as long as the data do, so tokens outlive a restart."""
        path = _secret(data_dir)
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
            draft.rename(path)
        return cls(path.read_text())

    def derived(self, purpose: str) -> str:
        """Another secret for another purpose, the same each time."""
        return hmac.new(self.secret.encode(), purpose.encode(), "sha256").hexdigest()

    def developer(
        self,
        company_id: str,
        *,
        scopes: Iterable[str] = DEVELOPER_SCOPES,
        subject: str = "developer",
        name: str = "Developer",
        lifetime_s: float = 30 * DAY_S,
    ) -> str:
        return issue_token(self.secret, subject, name, company_id, scopes, lifetime_s)

    def service(self, service: str) -> str:
        """A service names the company with each call, so its token is for all of them."""
        scopes = SERVICE_SCOPES[service]
        return issue_token(self.secret, f"service:{service}", service, ALL_COMPANIES, scopes, 365 * DAY_S)


def has_tokens(data_dir: Path) -> bool:
    """Whether a suite has kept its data here."""
    return _secret(data_dir).is_file()


def _secret(data_dir: Path) -> Path:
    return data_dir / "token_secret"

"""Settings owns where the services are, who the caller is, and how patient a call is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("customers", "matching", "analytics")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to reach the services.

    `targets`: host:port by service. The token is `token`, or what `token_file` holds, which is read again when it
    changes. TLS is verified by the certificates of `tls_ca` (the machine's without it); `tls_certificate` and `tls_key`
    are the caller's own. `plaintext`: no TLS; absent, only to this machine. `company_id` names the company for a
    service identity that stands for all. `deadline_s` is the time for a call with all its repetitions, `attempts` how
    often it is made at the most. `read_your_writes`: a read waits for what the same thread wrote before.
    """

    targets: Mapping[str, str]
    token: str = ""
    token_file: Path | None = None
    company_id: str = ""
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    plaintext: bool | None = None
    deadline_s: float = 30.0
    attempts: int = 4
    read_your_writes: bool = True

    def target(self, service: str) -> str:
        """Where a service is; KeyError where that is not known."""
        return self.targets[service]

    def is_plaintext(self, target: str) -> bool:
        """Whether a target is reached without TLS: as said, else only where it is on this machine."""
        if self.plaintext is not None:
            return self.plaintext
        return self.tls_ca is None and target.rpartition(":")[0] in LOOPBACK

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ClientSettings:
        """From PATRONAGE_CUSTOMERS, _MATCHING, _ANALYTICS, _TOKEN or _TOKEN_FILE, _COMPANY, _TLS_CA."""
        named = {name: environment.get(f"PATRONAGE_{name.upper()}", "") for name in SERVICES}
        file, authority = environment.get("PATRONAGE_TOKEN_FILE"), environment.get("PATRONAGE_TLS_CA")
        return cls(
            targets={name: target for name, target in named.items() if target},
            token=environment.get("PATRONAGE_TOKEN", "").strip(),
            token_file=Path(file) if file else None,
            company_id=environment.get("PATRONAGE_COMPANY", ""),
            tls_ca=Path(authority) if authority else None,
        )

    @classmethod
    def from_context(cls, path: Path) -> ClientSettings:
        """From the file that `patronage up` writes."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(targets={name: found[name] for name in SERVICES if name in found}, token=found.get("token", ""))

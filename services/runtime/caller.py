"""Who calls: the identity that the token proved, the company it acts for, and where the call comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.runtime.database import TenantScope
from services.runtime.failures import CompanyRequired

OWN = ":own"
"""Ends a scope that holds for what the bearer of the token created."""

_ATTRIBUTE = "patronage_caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. An empty company with `all_companies` means every company."""

    subject: str
    name: str
    company_id: str
    scopes: frozenset[str]
    peer: str = ""
    request_id: str = ""
    all_companies: bool = False
    user_agent: str = ""

    def has(self, scope: str) -> bool:
        """Whether the token carries the scope."""
        return scope in self.scopes

    @property
    def own_only(self) -> bool:
        """Whether the bearer may change only what it created: it has a scope for that, and not the same for all."""
        return _own_only(self.scopes)

    def scope(self) -> TenantScope:
        """The scope of this caller's transactions."""
        if not self.company_id:
            raise company_required()
        return TenantScope(
            self.company_id,
            self.subject,
            self.name,
            self.peer,
            self.request_id,
            user_agent=self.user_agent,
            own_only=self.own_only,
        )


@lru_cache(maxsize=1_000)
def _own_only(scopes: frozenset[str]) -> bool:
    return any(scope.endswith(OWN) and scope.removesuffix(OWN) not in scopes for scope in scopes)


def company_required() -> CompanyRequired:
    """The failure of a call that must name a company and does not."""
    return CompanyRequired("This token stands for all companies. Name one in the metadata key company-id.")


def caller_of(context: Any) -> Caller:
    """The caller of the call that the servicer context belongs to."""
    caller: Caller = getattr(context, _ATTRIBUTE)
    return caller


def attach_caller(context: Any, caller: Caller) -> None:
    """Note the caller on the servicer context, which lives exactly as long as the call."""
    setattr(context, _ATTRIBUTE, caller)


def peer_address(peer: str) -> str:
    """The address alone of gRPC's peer text, such as `ipv4:10.0.0.7:51234` or `ipv6:%5B::1%5D:51234`."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return peer
    address = rest.replace("%5B", "[").replace("%5D", "]").rpartition(":")[0]
    return address.strip("[]")

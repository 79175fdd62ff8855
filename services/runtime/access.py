"""Which scope each method asks for; a method that is not in the table is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.runtime.caller import OWN, Caller, company_required
from services.runtime.failures import MethodUnknown, ScopeMissing


@dataclass(frozen=True, slots=True)
class Access:
    """What a method asks of its caller.

    `own`: a token with the scope and `:own` at its end may call it too, and change only what its bearer created; the
    method itself sees to that. `all_companies`: a token for all companies need not name one; the method itself answers
    only what `caller.company_id` allows, where empty means every company. `public`: no token is needed.
    """

    scope: str = ""
    all_companies: bool = False
    own: bool = False
    public: bool = False


AccessTable = Mapping[str, Access]
PUBLIC = Access(public=True)
OPERATOR = Access("ops:read", all_companies=True)

HEALTH = "/grpc.health.v1.Health/"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/"
CHANNELZ = "/grpc.channelz.v1.Channelz/"


def access_of(table: AccessTable, method: str, *, open_reflection: bool = False) -> Access | None:
    """The entry of a method; those of gRPC's own services are the same in every service."""
    if method.startswith(HEALTH) or (open_reflection and method.startswith(REFLECTION)):
        return PUBLIC
    if method.startswith((REFLECTION, CHANNELZ)):
        return OPERATOR
    return table.get(method)


def check(entry: Access | None, method: str, caller: Caller) -> None:
    """Refuse a caller who may not use the method."""
    if entry is None:
        raise MethodUnknown("This service does not offer the method.", metadata={"method": method})
    if not (entry.own and caller.has(entry.scope + OWN)):
        require_scope(caller, entry.scope, method)
    if not caller.company_id and not entry.all_companies:
        raise company_required()


def require_scope(caller: Caller, scope: str, method: str = "") -> None:
    """Refuse a caller whose token lacks a scope; for methods that ask for more by what a request holds."""
    if not caller.has(scope):
        text = f"The token lacks the scope {scope}. Ask for a token that has it."
        raise ScopeMissing(text, metadata={"scope": scope, "method": method})

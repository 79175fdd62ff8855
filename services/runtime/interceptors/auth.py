"""Who may call: the token of a call, the company it acts for, and the scope of its method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.runtime.access import AccessTable, access_of, check
from services.runtime.caller import Caller, attach_caller, peer_address
from services.runtime.failures import Unauthenticated
from services.runtime.interceptors.call import Call
from services.runtime.tokens_jwt import ALL_COMPANIES, Claims, TokenVerifier, is_company_id

_BEARER = "bearer "
_NOBODY = frozenset[str]()
_LONGEST_AGENT = 200


def authorize(
    verifier: TokenVerifier, table: AccessTable, *, open_reflection: bool = False
) -> Callable[[Call, Any], None]:
    """The step that lets a call pass or refuses it, by the access table of one service."""

    def step(call: Call, context: Any) -> None:
        entry = access_of(table, call.method, open_reflection=open_reflection)
        if entry is not None and entry.public:
            call.caller = Caller("", "", "", _NOBODY, _peer(context), call.request_id)
        else:
            call.caller = _caller(verifier.verify(_token(call)), call, context)
            check(entry, call.method, call.caller)
        attach_caller(context, call.caller)

    return step


def _token(call: Call) -> str:
    header = call.metadata.get("authorization", "")
    if header[: len(_BEARER)].lower() != _BEARER:
        text = "Send a token in the metadata key authorization, as `Bearer <token>`."
        raise Unauthenticated(text)
    return header[len(_BEARER) :].strip()


def _caller(claims: Claims, call: Call, context: Any) -> Caller:
    company, everywhere = claims.company_id, claims.company_id == ALL_COMPANIES
    if everywhere:
        named = call.metadata.get("company-id", "")
        company = named if is_company_id(named) else ""
    return Caller(
        claims.subject,
        claims.name,
        company,
        claims.scopes,
        _peer(context),
        call.request_id,
        everywhere,
        call.metadata.get("user-agent", "")[:_LONGEST_AGENT],
    )


def _peer(context: Any) -> str:
    try:
        return peer_address(context.peer())
    except NotImplementedError:
        return ""

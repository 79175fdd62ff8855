"""The access table, callers and their addresses."""

import pytest

from services.runtime.access import CHANNELZ, HEALTH, REFLECTION, Access, access_of, check
from services.runtime.caller import Caller, peer_address
from services.runtime.failures import CompanyRequired, MethodUnknown, ScopeMissing

TABLE = {
    "/x.Things/Get": Access("things:read"),
    "/x.Things/Put": Access("things:write", own=True),
    "/x.Things/Follow": Access("feed:read", all_companies=True),
}


def caller(company: str = "acme", *scopes: str) -> Caller:
    return Caller("ann", "Ann", company, frozenset(scopes), all_companies=not company)


def test_a_caller_with_the_scope_passes() -> None:
    check(access_of(TABLE, "/x.Things/Get"), "/x.Things/Get", caller("acme", "things:read"))


def test_a_missing_scope_is_named() -> None:
    with pytest.raises(ScopeMissing) as raised:
        check(access_of(TABLE, "/x.Things/Get"), "/x.Things/Get", caller("acme", "things:write"))
    assert raised.value.metadata["scope"] == "things:read"


def test_a_scope_for_ones_own_opens_what_is_made_for_it() -> None:
    check(access_of(TABLE, "/x.Things/Put"), "/x.Things/Put", caller("acme", "things:write:own"))
    with pytest.raises(ScopeMissing):
        check(access_of(TABLE, "/x.Things/Get"), "/x.Things/Get", caller("acme", "things:read:own"))


def test_whoever_has_a_scope_for_ones_own_alone_is_bound_to_it() -> None:
    assert caller("acme", "things:write:own", "things:read").scope().own_only
    assert not caller("acme", "things:write:own", "things:write").scope().own_only
    assert not caller("acme", "things:read").scope().own_only


def test_a_method_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(MethodUnknown):
        check(access_of(TABLE, "/x.Things/New"), "/x.Things/New", caller("acme", "things:read"))


def test_a_token_for_all_companies_must_name_one() -> None:
    with pytest.raises(CompanyRequired):
        check(access_of(TABLE, "/x.Things/Get"), "/x.Things/Get", caller("", "things:read"))


def test_a_method_for_all_companies_asks_for_none() -> None:
    check(access_of(TABLE, "/x.Things/Follow"), "/x.Things/Follow", caller("", "feed:read"))


def test_only_health_is_public_unless_reflection_is_opened() -> None:
    def is_public(method: str, *, open_reflection: bool) -> bool:
        entry = access_of(TABLE, method, open_reflection=open_reflection)
        return entry is not None and entry.public

    assert is_public(HEALTH + "Check", open_reflection=False)
    assert not is_public(REFLECTION + "ServerReflectionInfo", open_reflection=False)
    assert is_public(REFLECTION + "ServerReflectionInfo", open_reflection=True)
    assert not is_public(CHANNELZ + "GetServers", open_reflection=True)
    assert access_of(TABLE, CHANNELZ + "GetServers") == Access("ops:read", all_companies=True)


def test_a_caller_for_all_companies_has_no_scope_for_a_transaction() -> None:
    with pytest.raises(CompanyRequired):
        caller("").scope()
    scope = Caller("ann", "Ann", "acme", frozenset(), "10.0.0.7", "r1").scope()
    assert (scope.company_id, scope.actor, scope.actor_name, scope.peer, scope.request_id) == (
        "acme",
        "ann",
        "Ann",
        "10.0.0.7",
        "r1",
    )


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:10.0.0.7:51234", "10.0.0.7"),
        ("ipv6:%5B::1%5D:51234", "::1"),
        ("ipv6:[2001:db8::2]:51234", "2001:db8::2"),
        ("unix:/tmp/socket", "unix:/tmp/socket"),
        ("", ""),
    ],
)
def test_the_address_of_a_peer_has_no_port(peer: str, address: str) -> None:
    assert peer_address(peer) == address

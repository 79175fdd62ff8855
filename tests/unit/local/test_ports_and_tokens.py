"""What the launcher hands out: ports that stay its own, and tokens that outlive a restart."""

import os
import socket
from pathlib import Path

import pytest

from services.local import ports
from services.local.failures import LocalError
from services.local.ports import ReservedPort, reserve
from services.local.tokens import DEVELOPER_SCOPES, SERVICE_SCOPES, Tokens


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address of this process alone: no other program is given a port of it that was just released."""
    mine = f"127.64.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    monkeypatch.setattr(ports, "HOST", mine)
    return mine


def number(port: ReservedPort) -> int:
    return int(port.target.rpartition(":")[2])


def test_free_ports_are_all_different() -> None:
    reserved = reserve(0, 3)
    assert len({port.target for port in reserved}) == 3
    for port in reserved:
        port.release()


def test_a_reserved_port_refuses_connections_until_a_service_listens(host: str) -> None:
    port = ReservedPort(0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, number(port)))
    with socket.create_server((host, number(port)), reuse_port=True), socket.create_connection((host, number(port))):
        port.release()


def test_a_released_port_can_be_reserved_again() -> None:
    port = ReservedPort(0)
    port.release()
    again = ReservedPort(number(port))
    assert again.target == port.target
    again.release()


def test_when_one_port_is_taken_none_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    free, taken = reserve(0, 2)
    free.release()
    monkeypatch.setattr(ports, "_numbers", lambda first, count: iter([number(free), number(taken)]))
    with pytest.raises(LocalError, match=f"Port {number(taken)} .* cannot be used"):
        reserve(1, 2)
    ReservedPort(number(free)).release()
    taken.release()


def test_the_secret_of_a_data_directory_stays(tmp_path: Path) -> None:
    assert Tokens.of(tmp_path).secret == Tokens.of(tmp_path).secret
    assert (tmp_path / "token_secret").stat().st_mode & 0o777 == 0o600
    assert len(Tokens.of(tmp_path).secret) >= 32


def test_another_data_directory_has_another_secret(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert Tokens.of(tmp_path).secret != Tokens.of(tmp_path / "other").secret


def test_a_derived_secret_is_not_the_secret(tmp_path: Path) -> None:
    tokens = Tokens.of(tmp_path)
    assert tokens.secret not in {tokens.derived("a"), tokens.derived("b")}
    assert tokens.derived("a") != tokens.derived("b")


def test_only_matching_may_apply_merges() -> None:
    holders = [name for name, scopes in SERVICE_SCOPES.items() if "merge:apply" in scopes]
    assert holders == ["matching"]
    assert "merge:apply" not in DEVELOPER_SCOPES

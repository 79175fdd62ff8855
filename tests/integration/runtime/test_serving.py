"""What surrounds the calls: health, reflection, channelz, TLS, and the process itself."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, cast

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.runtime import health_probe
from services.runtime.server import CannotListen, build_server
from services.runtime.service_channel import channel, for_company
from services.runtime.tokens_jwt import issue_token
from tests.integration.runtime.certificates import Certificates
from tests.integration.runtime.echo import CREDENTIALS, SECRET, SERVICE, TOKEN, Echo, settings

ROOT = Path(__file__).parents[3]
LONG_S = 150.0
pytestmark = pytest.mark.timeout(3 * LONG_S)
Listing: TypeAlias = (
    "grpc.StreamStreamMultiCallable[reflection_pb2.ServerReflectionRequest, reflection_pb2.ServerReflectionResponse]"
)


def test_health_needs_no_token_and_knows_each_service(echo: Echo) -> None:
    assert health_probe.is_serving(echo.target)
    assert health_probe.is_serving(echo.target, SERVICE)
    assert not health_probe.is_serving(echo.target, "no.such.Service")


def test_the_probe_is_a_command(echo: Echo) -> None:
    assert health_probe.main([echo.target]) == 0
    assert health_probe.main(["127.0.0.1:1"]) == 1
    assert health_probe.main([]) == 2


def test_a_server_that_is_not_ready_says_so() -> None:
    with build_server(settings(), services=[], access={}, ready=lambda: False) as server:
        assert not health_probe.is_serving(f"127.0.0.1:{server.port}")


def test_a_readiness_check_that_raises_means_not_ready() -> None:
    with build_server(settings(), services=[], access={}, ready=lambda: bool(1 / 0)) as server:
        assert not health_probe.is_serving(f"127.0.0.1:{server.port}")


def listed(echo: Echo, metadata: Any = ()) -> list[str]:
    stub = reflection_pb2_grpc.ServerReflectionStub(echo.channel)
    asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    ask = cast(Listing, stub.ServerReflectionInfo)
    [answer] = ask(asked, metadata=metadata, timeout=LONG_S)
    return sorted(service.name for service in answer.list_services_response.service)


def test_reflection_is_open_in_development_only(echo: Echo) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        listed(echo)
    assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with Echo(development=True) as open_echo:
        assert SERVICE in listed(open_echo)


def test_an_operator_may_use_reflection_and_channelz(echo: Echo) -> None:
    token = issue_token(SECRET, "olga", "Olga", "*", ["ops:read"])
    operator = (("authorization", f"Bearer {token}"),)
    assert SERVICE in listed(echo, operator)
    stub = channelz_pb2_grpc.ChannelzStub(echo.channel)
    assert stub.GetServers(channelz_pb2.GetServersRequest(), metadata=operator).server
    with pytest.raises(grpc.RpcError) as raised:
        stub.GetServers(channelz_pb2.GetServersRequest(), metadata=CREDENTIALS)
    assert raised.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_a_port_that_is_taken_is_said(echo: Echo) -> None:
    with pytest.raises(CannotListen):
        build_server(settings(listen=echo.target), services=[], access={})


def test_two_servers_share_a_port_when_both_are_told_to() -> None:
    first = build_server(settings(share_port=True), services=[], access={})
    again = settings(share_port=True, listen=f"127.0.0.1:{first.port}")
    second = build_server(again, services=[], access={})
    assert first.port == second.port
    first.stop()
    second.stop()


def echoed(client: grpc.Channel, metadata: Any = ()) -> str:
    method: Any = client.unary_unary(f"/{SERVICE}/UnaryUnary", StringValue.SerializeToString, StringValue.FromString)
    return str(method(StringValue(value="hi"), metadata=metadata, timeout=LONG_S).value)


def test_a_channel_carries_the_token_of_the_service_and_the_company(echo: Echo) -> None:
    token = issue_token(SECRET, "matching", "Matching", "*", ["echo:use"])
    client_settings = settings(service_token=token)
    with channel(echo.target, client_settings) as client:
        assert echoed(client, for_company("acme")) == "hi"
        with pytest.raises(grpc.RpcError):
            echoed(client)
    with channel(echo.target, client_settings, company_id="acme") as client:
        assert echoed(client) == "hi"


def test_a_token_file_is_read_again_when_it_changes(echo: Echo, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("stale")
    with channel(echo.target, settings(service_token_file=path)) as client:
        with pytest.raises(grpc.RpcError):
            echoed(client)
        path.write_text(TOKEN + "\n")
        os.utime(path, ns=(1, 1))
        assert echoed(client) == "hi"


def test_tls_by_files_verifies_the_server(certificates: Certificates) -> None:
    served = certificates.issue("server")
    tls = {"plaintext": False, "tls_certificate": served.certificate, "tls_key": served.key}
    with Echo(**tls) as echo:
        trusting = settings(plaintext=False, service_token=TOKEN, tls_ca=certificates.ca)
        target = f"localhost:{echo.server.port}"
        with channel(target, trusting) as client:
            assert echoed(client) == "hi"
        with channel(target, settings(service_token=TOKEN)) as client, pytest.raises(grpc.RpcError):
            echoed(client)
        assert health_probe.is_serving(target, ca_file=str(certificates.ca))


def test_mutual_tls_refuses_a_client_without_a_certificate(certificates: Certificates) -> None:
    served, known = certificates.issue("server"), certificates.issue("client")
    tls = {"tls_certificate": served.certificate, "tls_key": served.key, "tls_client_ca": certificates.ca}
    with Echo(plaintext=False, **tls) as echo:
        target = f"localhost:{echo.server.port}"
        common = {"plaintext": False, "service_token": TOKEN, "tls_ca": certificates.ca}
        shown = settings(**common, tls_certificate=known.certificate, tls_key=known.key)
        with channel(target, shown) as client:
            assert echoed(client) == "hi"
        with channel(target, settings(**common)) as client, pytest.raises(grpc.RpcError):
            echoed(client)


SERVER = (
    "from services.runtime.settings import load_settings\n"
    "from services.runtime.server import serve\n"
    "raise SystemExit(serve(load_settings('PATRONAGE_PROBE_'), services=[], access={}))\n"
)
PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {SERVER!r}]); time.sleep(600)"


class Running:
    """A server in a process of its own, which writes its log to a pipe."""

    def __init__(self, program: str, port_file: Path) -> None:
        self.port_file = port_file
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PATRONAGE_")}
        environment |= {
            "PATRONAGE_PROBE_LISTEN": "127.0.0.1:0",
            "PATRONAGE_DATABASE_URL": "postgresql://none/none",
            "PATRONAGE_PLAINTEXT": "true",
            "PATRONAGE_TOKEN_SECRET": SECRET,
            "PATRONAGE_PORT_FILE": str(port_file),
            "PATRONAGE_DIE_WITH_PARENT": "1",
        }
        command = [sys.executable, "-c", program]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self._watchdog = threading.Timer(LONG_S, self.process.kill)
        self._watchdog.start()

    def close(self) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def wait_until_it_says(self, event: str) -> str:
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if f'"event":"{event}"' in line:
                return line
        pytest.fail(f"ended with {self.process.wait(LONG_S)} before it said {event}:\n{''.join(said)}")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    started: list[Running] = []

    def start(program: str) -> Running:
        started.append(Running(program, tmp_path / "port"))
        return started[-1]

    yield start
    for running in started:
        running.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_tells_its_port_serves_and_drains_on_a_signal(run: Callable[[str], Running], number: int) -> None:
    running = run(SERVER)
    running.wait_until_it_says("serving")
    assert health_probe.is_serving(f"127.0.0.1:{int(running.port_file.read_text())}")
    running.process.send_signal(number)
    running.wait_until_it_says("stopped")
    assert running.process.wait(LONG_S) == 0


def test_a_process_stops_when_its_parent_is_killed(run: Callable[[str], Running]) -> None:
    parent = run(PARENT)
    parent.wait_until_it_says("serving")
    parent.process.kill()
    parent.wait_until_it_says("stopped")

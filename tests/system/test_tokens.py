"""No RPC answers without a good token, and none beyond its scope."""

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.local.suite import Suite
from tests.fixtures.contract import Rpc, every_rpc

ALL = list(every_rpc())
BAD_TOKENS = {"none": "", "garbage": "garbage", "three parts": "a.b.c", "unsigned": "eyJhbGciOiJub25lIn0.e30."}


def reason_of(error: grpc.RpcError) -> str:
    """The machine-readable reason of a failed call."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info = error_details_pb2.ErrorInfo()
    return next((info.reason for detail in status.details if detail.Unpack(info)), "") if status else ""


@pytest.mark.parametrize("kind", BAD_TOKENS)
@pytest.mark.parametrize("rpc", ALL, ids=str)
def test_no_rpc_answers_without_a_good_token(rpc: Rpc, kind: str, suite: Suite) -> None:
    with grpc.insecure_channel(suite.context()[rpc.service]) as channel, pytest.raises(grpc.RpcError) as caught:
        rpc.call(channel, rpc.request(), BAD_TOKENS[kind])
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason_of(caught.value) == "UNAUTHENTICATED"


@pytest.mark.parametrize("rpc", ALL, ids=str)
def test_no_rpc_answers_a_token_without_its_scope(rpc: Rpc, suite: Suite) -> None:
    token = suite.token("tokens", scopes={"nothing:at-all"})
    with grpc.insecure_channel(suite.context()[rpc.service]) as channel, pytest.raises(grpc.RpcError) as caught:
        rpc.call(channel, rpc.request(), token)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert reason_of(caught.value) == "SCOPE_MISSING"

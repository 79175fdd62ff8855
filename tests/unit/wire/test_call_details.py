"""A call keeps what its caller said of it, and says besides who makes it."""

from types import SimpleNamespace

import grpc

from services.wire.call_details import signed


def test_all_that_the_caller_said_stays() -> None:
    made = SimpleNamespace(
        method="/a/B",
        timeout=3.0,
        metadata=(("x-trace", "1"),),
        credentials=None,
        wait_for_ready=True,
        compression=grpc.Compression.Gzip,
    )
    call = signed(made, "t", "acme", 2.5)
    assert (call.method, call.timeout, call.wait_for_ready) == ("/a/B", 2.5, True)
    assert call.compression is grpc.Compression.Gzip
    assert call.metadata == [("x-trace", "1"), ("authorization", "Bearer t"), ("company-id", "acme")]


def test_a_company_is_named_only_where_there_is_one_to_name() -> None:
    made = SimpleNamespace(method="/a/B", metadata=None, credentials=None)
    assert signed(made, "t", "", None).metadata == [("authorization", "Bearer t")]

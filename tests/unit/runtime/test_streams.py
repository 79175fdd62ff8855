"""The requests of a stream: all that was sent, or that the client has left."""

from collections.abc import Iterator

import grpc
import pytest

from services.runtime.streams import StreamEnd, until_end


class Leaving:
    """The requests of a client that leaves, as gRPC may tell it: nothing more comes, and only then that it has gone."""

    def __init__(self) -> None:
        self._told: list[str | Exception] = ["one", StopIteration(), grpc.RpcError()]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        told = self._told.pop(0)
        if isinstance(told, Exception):
            raise told
        return told


def test_a_client_that_leaves_has_not_sent_all() -> None:
    requests = until_end(Leaving(), StreamEnd())
    assert next(requests) == "one"
    with pytest.raises(grpc.RpcError):
        next(requests)


def test_what_a_client_sends_is_all_there_is() -> None:
    assert list(until_end(iter(["one", "two"]), StreamEnd())) == ["one", "two"]

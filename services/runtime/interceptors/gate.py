"""Where calls enter the server: the chain around every handler, and the threads that each kind of call gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc

from services.runtime.access import HEALTH
from services.runtime.failures import Overloaded
from services.runtime.interceptors.chain import Chain, behaviour_of, with_behaviour
from services.runtime.interceptors.request_log import log_unknown
from services.runtime.pools import CappedPool


@dataclass(frozen=True)
class Pools:
    """Unary calls, streams, and a side pool for health and refusals, which must answer when the others are full."""

    unary: CappedPool
    streams: CappedPool
    side: CappedPool


@dataclass(frozen=True, slots=True)
class _Entry:
    handler: Any
    refusal: Any
    pool: CappedPool


class Gate(grpc.ServerInterceptor):
    """Wraps each handler once and remembers it: gRPC asks anew for every call, from one thread."""

    def __init__(self, chain: Chain, pools: Pools) -> None:
        self._chain = chain
        self._pools = pools
        self._entries: dict[str, _Entry] = {}

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """The handler for a call. A method that exists nowhere is left to gRPC: UNIMPLEMENTED, token or not."""
        method = handler_call_details.method
        entry = self._entries.get(method)
        if entry is None:
            handler = continuation(handler_call_details)
            if handler is None:
                log_unknown(method)
                return None
            entry = self._entries[method] = self._entry(method, handler)
        return entry.refusal if entry.pool.is_full() else entry.handler

    def _entry(self, method: str, handler: Any) -> _Entry:
        if getattr(behaviour_of(handler), "experimental_non_blocking", False):
            return _Entry(handler, handler, self._pools.side)
        pool = self._pool_for(method, handler)
        refusing = with_behaviour(handler, _refuse, handler.request_deserializer)
        return _Entry(
            _in_pool(self._chain.wrap(method, handler), pool),
            _in_pool(self._chain.wrap(method, refusing), self._pools.side),
            pool,
        )

    def _pool_for(self, method: str, handler: Any) -> CappedPool:
        if method.startswith(HEALTH):
            return self._pools.side
        streaming = handler.request_streaming or handler.response_streaming
        return self._pools.streams if streaming else self._pools.unary


def _in_pool(handler: Any, pool: CappedPool) -> Any:
    behaviour: Any = behaviour_of(handler)
    behaviour.experimental_thread_pool = pool
    return handler


def _refuse(request: Any, context: Any) -> Any:
    text = "The service has as many calls or streams as it takes. Repeat the call with back-off."
    raise Overloaded(text, retry_after=1.0)

"""Closing owns the end of channels, which nobody has to wait for without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import grpc

LONGEST_CLOSE_S = 2.0


def close_channels(channels: Sequence[grpc.Channel], longest_s: float = LONGEST_CLOSE_S) -> bool:
    """Close channels at once; whether all were closed within `longest_s` seconds. What remains is closed beside.

    gRPC makes a call and then starts the thread that completes it. Where a signal or a lack of threads comes between
    the two, closing cancels the call and waits for that thread for ever: each channel is closed in a thread of its own.
    """
    end = time.monotonic() + longest_s
    closing = [threading.Thread(target=channel.close, name="close", daemon=True) for channel in channels]
    with suppress(RuntimeError):  # no thread can be started: the process is ending, and its connections with it
        for thread in closing:
            thread.start()
    for thread in closing:
        if thread.ident is not None:
            thread.join(max(0.0, end - time.monotonic()))
    return not any(thread.ident is None or thread.is_alive() for thread in closing)

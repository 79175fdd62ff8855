"""Endings owns the signals that end a command: each ends it like Ctrl-C, so that nothing is left behind."""

import signal
from collections.abc import Callable

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def catch_ending(handler: Callable[..., object]) -> None:
    """Call the handler at each of them; a hang-up that `nohup` ignores stays ignored."""
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)

"""What a signal handler tells the main thread."""

import itertools
import subprocess
import sys
from types import FrameType
from typing import Any

from services.runtime.process import SignalSafeEvent


def interrupted_wait(event: SignalSafeEvent, moment: int) -> bool:
    """Waits, and sets the event in the thread that waits, before its instruction of that number; whether it came."""
    instructions = itertools.count()

    def trace(frame: FrameType, what: str, _: object) -> Any:
        frame.f_trace_opcodes = True
        if what == "opcode" and next(instructions) == moment:
            event.set()
        return trace

    sys.settrace(trace)
    try:
        event.wait(0)
    finally:
        sys.settrace(None)
    return next(instructions) > moment


def test_an_event_may_be_set_at_any_moment_of_the_wait_for_it() -> None:
    for moment in itertools.count():
        event = SignalSafeEvent()
        if not interrupted_wait(event, moment):
            break
        assert event.wait(0)
    assert moment > 10


def test_an_event_that_nobody_sets_is_waited_for_as_long_as_asked() -> None:
    assert not SignalSafeEvent().wait(0.001)


def test_an_event_stays_set() -> None:
    event = SignalSafeEvent()
    event.set()
    assert event.wait(0)
    assert event.wait(0.001)


# The system gives a signal to any thread of the process; Python runs its handler in the main thread once that wakes up.
TOLD_ELSEWHERE = """
import signal, threading
from services.runtime.process import StopSignals

def tell():
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

signals = StopSignals()
threading.Timer(0.1, tell).start()
signals.wait()
"""


def test_a_signal_that_another_thread_received_stops_the_process_too() -> None:
    assert subprocess.run([sys.executable, "-c", TOLD_ELSEWHERE], check=False).returncode == 0

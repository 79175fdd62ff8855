"""Ports that stay the suite's own from before its services start until after they end."""

import socket
from collections.abc import Iterator

from services.local.failures import LocalError

HOST = "127.0.0.1"


class ReservedPort:
    """A port held by a bound socket that never listens; the service binds it as well, by SO_REUSEPORT.

    So a target is known before its service runs, no other program slips in while a service is down, and a
    connection to a service that is down is refused at once.
    """

    def __init__(self, number: int) -> None:
        """Number 0 takes any free port."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            if number:
                _refuse_if_taken(number)
            self._socket.bind((HOST, number))
        except OSError as error:
            self._socket.close()
            raise LocalError(
                f"Port {number} on {HOST} cannot be used ({error.strerror}). Stop what uses it, or choose other"
                " ports with --port (0 takes free ones)."
            ) from error
        self.target = f"{HOST}:{self._socket.getsockname()[1]}"

    def release(self) -> None:
        self._socket.close()


def reserve(first: int, count: int) -> list[ReservedPort]:
    """Neighbouring ports from the first one on, or any free ones when it is 0; all of them or none."""
    reserved: list[ReservedPort] = []
    try:
        for number in _numbers(first, count):
            reserved.append(ReservedPort(number))
    except LocalError:
        for port in reserved:
            port.release()
        raise
    return reserved


def _numbers(first: int, count: int) -> Iterator[int]:
    return iter(range(first, first + count) if first else [0] * count)


def _refuse_if_taken(number: int) -> None:
    """SO_REUSEPORT would share a port with another suite of the same user; an ordinary bind does not."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, number))
        probe.listen(1)

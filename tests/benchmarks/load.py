"""Closed-loop load: so many callers at once, each sending its next request when the last one is answered."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc

CLIENT_PROCESSES = 2
CALLERS = 8
WARM_UP_S = 1.0


@dataclass(frozen=True)
class Load:
    """Answered calls a second, and milliseconds of a call at the median and the 99th percentile."""

    per_second: float
    p50_ms: float
    p99_ms: float


def measure(target: str, method: str, requests: Sequence[bytes], token: str, seconds: float = 4.0) -> Load:
    """The load that CALLERS callers in CLIENT_PROCESSES processes reach; any failed call ends the measurement."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "requests"
        file.write_bytes(b"".join(len(one).to_bytes(4, "big") + one for one in requests))
        command = [sys.executable, "-m", "tests.benchmarks.load", target, method, str(file), token, str(seconds)]
        clients = [
            subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True)
            for number in range(CLIENT_PROCESSES)
        ]
        printed = [client.communicate(timeout=seconds + 60)[0] for client in clients]
    if any(client.returncode for client in clients):
        raise RuntimeError(f"a call of {method} failed under load")
    times = [float(line) for text in printed for line in text.split()]
    cuts = statistics.quantiles(times, n=100)
    return Load(round(len(times) / seconds, 1), round(cuts[49] * 1000, 2), round(cuts[98] * 1000, 2))


def client(target: str, method: str, requests: Sequence[bytes], token: str, seconds: float) -> list[float]:
    """The seconds that each call of one client process took, after a warm-up."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    callers = CALLERS // CLIENT_PROCESSES
    begin = threading.Barrier(callers)

    def call(number: int) -> list[float]:
        with grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
            share = requests[number::callers] or requests
            begin.wait()
            counted_from = time.perf_counter() + WARM_UP_S
            until, times, place = counted_from + seconds, [], 0
            while (sent := time.perf_counter()) < until:
                stub(share[place % len(share)], metadata=metadata, timeout=10)
                place += 1
                if sent >= counted_from:
                    times.append(time.perf_counter() - sent)
            return times

    with ThreadPoolExecutor(callers) as pool:
        return [one for times in pool.map(call, range(callers)) for one in times]


def _main() -> None:
    target, method, file, token, seconds, number = sys.argv[1:]
    raw, requests, place = Path(file).read_bytes(), [], 0
    while place < len(raw):
        size = int.from_bytes(raw[place : place + 4], "big")
        requests.append(raw[place + 4 : place + 4 + size])
        place += 4 + size
    mine = requests[int(number) :: CLIENT_PROCESSES] or requests
    sys.stdout.write("\n".join(map(str, client(target, method, mine, token, float(seconds)))))


if __name__ == "__main__":
    _main()

"""A service that has health and nothing else, and starts in a moment; run as a script in place of a real one."""

import os
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from services.runtime.process import StopSignals, die_with_parent, write_port_file


def main() -> None:
    die_with_parent()
    signals = StopSignals()
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 1)])
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port(os.environ["PATRONAGE_LISTEN"])
    server.start()
    write_port_file(port)
    signals.wait()
    server.stop(1).wait()


if __name__ == "__main__":
    main()

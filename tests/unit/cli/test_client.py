"""The client of the commands, broken off in the middle of a call."""

import subprocess
import sys

# gRPC makes a call, then starts the thread that completes it; here a signal arrives between the two.
BROKEN_OFF = """
import grpc._channel
from patronage.customers.v1 import import_export_service_pb2
from services.cli.client import connected
from services.cli.context import Context

def interrupted(state):
    raise KeyboardInterrupt

grpc._channel._run_channel_spin_thread = interrupted
context = Context({"customers": "127.0.0.1:1"}, "token")
try:
    with connected(context) as client:
        client.imports.ImportCustomers(iter([import_export_service_pb2.ImportCustomersRequest()]))
except KeyboardInterrupt:
    print("ended")
"""


def test_a_signal_inside_of_grpc_does_not_hang_the_command() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN_OFF], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ended\n", "")

"""The client of a script, broken off in the middle of a call."""

import subprocess
import sys

# gRPC makes a call, then starts the thread that completes it; here a signal arrives between the two.
BROKEN_OFF = """
import grpc._channel
from patronage.customers.v1 import import_export_service_pb2
from services.client import ClientSettings, PatronageClient

def interrupted(state):
    raise KeyboardInterrupt

grpc._channel._run_channel_spin_thread = interrupted
try:
    with PatronageClient(ClientSettings({"customers": "127.0.0.1:1"}, "token")) as client:
        client.imports.ImportCustomers(iter([import_export_service_pb2.ImportCustomersRequest()]))
except KeyboardInterrupt:
    print("ended")
"""


def test_a_signal_inside_of_grpc_does_not_hang_a_script() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN_OFF], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ended\n", "")

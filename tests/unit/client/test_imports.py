"""What a caller installs is enough for the client: the stubs' own packages, and nothing of the services."""

import subprocess
import sys

PROGRAM = """
import sys
import services.client
heavy = {"psycopg", "sqlalchemy", "grpc_status", "numpy", "pydantic", "typer", "services.runtime", "services.customers"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_client_brings_nothing_of_the_services_along() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The process that started the suite is killed: no service and no PostgreSQL is left, and the data open again."""

import os
import select
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg

from services.local.postgres import Postgres
from services.local.suite import SERVICES

ENDS_WITHIN_S = 120
LAUNCHER = """
import sys
from pathlib import Path
from patronage.customers.v1.customer_pb2 import Customer
from patronage.customers.v1.customer_service_pb2 import CreateCustomerRequest
from services.local.suite import Suite
from tests.faults.company import company_of

with Suite(Path(sys.argv[1]), durable=False) as suite, company_of(suite, "launched") as company:
    created = company.customers.CreateCustomer(CreateCustomerRequest(customer=Customer(name="Kept")))
    company.wait_for_followers()
    postmaster = (suite.data_dir / "pgdata" / "postmaster.pid").read_text().split()[0]
    services = [service.process.pid for service in suite.services.values()]
    print(created.customer.customer_id, postmaster, *services, flush=True)
    sys.stdin.read()
"""


def test_a_killed_launcher_leaves_no_process_and_its_data_open_again(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, tmp_path / "data"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as launcher:
        assert launcher.stdout is not None
        created, *pids = launcher.stdout.readline().split()
        processes = [os.pidfd_open(int(pid)) for pid in pids]
        launcher.send_signal(signal.SIGKILL)
    assert len(processes) == len(SERVICES) + 1
    for process in processes:
        assert select.select([process], [], [], ENDS_WITHIN_S)[0], "it ends with its launcher"
        os.close(process)
    with (
        Postgres(tmp_path / "data", durable=False) as server,
        psycopg.connect(server.admin_url("patronage_customers")) as connection,
    ):
        assert connection.execute("SELECT customer_id FROM customers").fetchall() == [(uuid.UUID(created),)]

"""The service as a process: it says what is wrong with its settings, serves, and drains."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.runtime import health_probe
from tests.fixtures.databases import ServiceDatabase
from tests.integration.analytics.service import NOBODY_THERE, SECRET

LONG_S = 250.0
pytestmark = pytest.mark.timeout(2 * LONG_S)
ROOT = Path(__file__).parents[3]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PATRONAGE_")}
COMMAND = [sys.executable, "-m", "services.analytics"]


def test_it_serves_with_customers_away_and_ends_well_on_sigterm(
    analytics_database: ServiceDatabase, tmp_path: Path
) -> None:
    environment = CLEAN | {
        "PATRONAGE_ANALYTICS_LISTEN": "127.0.0.1:0",
        "PATRONAGE_ANALYTICS_DATABASE_URL": analytics_database.runtime_url,
        "PATRONAGE_ANALYTICS_UPKEEP_DATABASE_URL": analytics_database.upkeep_url,
        "PATRONAGE_CUSTOMERS": NOBODY_THERE,
        "PATRONAGE_PLAINTEXT": "true",
        "PATRONAGE_TOKEN_SECRET": SECRET,
        "PATRONAGE_PORT_FILE": str(tmp_path / "port"),
        "PATRONAGE_DIE_WITH_PARENT": "1",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'protos' / 'gen'}",
    }
    with subprocess.Popen(COMMAND, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        watchdog = threading.Timer(LONG_S, process.kill)
        watchdog.start()
        assert process.stderr is not None
        next(line for line in process.stderr if '"event":"serving"' in line)
        port = int((tmp_path / "port").read_text())
        assert health_probe.is_serving(f"127.0.0.1:{port}", "patronage.analytics.v1.MetricsService")
        process.send_signal(signal.SIGTERM)
        next(line for line in process.stderr if '"event":"stopped"' in line)
        assert process.wait(LONG_S) == 0
        watchdog.cancel()


def test_settings_without_the_customers_service_are_refused_by_name() -> None:
    environment = CLEAN | {
        "PATRONAGE_ANALYTICS_DATABASE_URL": "postgresql://none/none",
        "PATRONAGE_PLAINTEXT": "true",
        "PATRONAGE_TOKEN_SECRET": SECRET,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'protos' / 'gen'}",
    }
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONG_S, check=False
    )
    assert done.returncode == 2
    assert "PATRONAGE_ANALYTICS_CUSTOMERS" in done.stderr

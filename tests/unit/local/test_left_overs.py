"""What a killed PostgreSQL leaves keeps no other one from starting."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.local.postgres import Postgres

NO_SUCH_PROCESS = 1_073_741_823


@pytest.mark.parametrize(
    "said",
    ["", f"{NO_SUCH_PROCESS}\n/data\n", f"{os.getpid()}\n/data\n"],
    ids=["nothing", "no such process", "another program"],
)
def test_a_pid_file_that_names_no_postgres_is_cleared_and_so_is_its_socket(tmp_path: Path, said: str) -> None:
    server: Any = Postgres(tmp_path)
    server._cluster, server._sockets = SimpleNamespace(data=tmp_path), tmp_path / "run"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".s.PGSQL.5432").touch()
    (tmp_path / "postmaster.pid").write_text(said)
    server._clear_left_overs()
    assert not (tmp_path / "postmaster.pid").exists()
    assert list((tmp_path / "run").iterdir()) == []

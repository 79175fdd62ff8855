"""Child processes: locks that they inherit, logs that explain them, and an environment that is only theirs."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.local import processes
from services.local.failures import ProcessFailedError
from services.local.locks import FileLock
from services.local.service_process import ServiceProcess


def test_a_lock_is_free_again_once_it_is_released(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_a_child_that_inherits_a_lock_holds_it_after_its_parent_let_go(tmp_path: Path) -> None:
    lock, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    lock.acquire()
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock.descriptor]
    ) as child:
        lock.release()
        assert not other.acquire()
        child.communicate(b"\n")
    assert other.acquire()
    other.release()


def test_who_holds_a_lock_can_be_read(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    lock.acquire()
    lock.note("a longer text\n")
    lock.note("process 7\n")
    assert lock.path.read_text() == "process 7\n"
    lock.release()


def test_the_error_of_a_process_that_ended_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as child:
        child.wait()
        with pytest.raises(ProcessFailedError, match=r"thing ended with status 3 while starting:\nline 75\n") as error:
            processes.wait_until(child, lambda: False, name="thing", log=log, limit_s=5)
    assert str(error.value).endswith("line 99")


def test_a_process_that_never_gets_ready_is_an_error_too(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        with pytest.raises(ProcessFailedError, match="thing was not ready within 0 s"):
            processes.wait_until(child, lambda: False, name="thing", log=tmp_path / "none", limit_s=0)
        child.kill()


def test_a_service_gets_its_settings_and_none_of_the_shells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATRONAGE_TLS_CERTIFICATE", "/etc/other.pem")
    monkeypatch.setenv("PATRONAGE_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("PGPASSWORD", "other")
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    environment = ServiceProcess("x", "127.0.0.1:1", {"PATRONAGE_PLAINTEXT": "true"}, tmp_path)._environment()
    assert not {"PATRONAGE_TLS_CERTIFICATE", "PGPASSWORD"} & environment.keys()
    assert environment["PATRONAGE_LOG_LEVEL"] == "DEBUG"
    assert environment["PATRONAGE_PLAINTEXT"] == "true"
    assert environment["PATRONAGE_LISTEN"] == "127.0.0.1:1"
    assert environment["LANG"] == "sv_SE.UTF-8"


def test_a_service_that_was_not_started_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailedError, match="x was not started"):
        ServiceProcess("x", "127.0.0.1:1", {}, tmp_path).wait_until_serving()

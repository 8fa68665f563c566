"""`make run` for real: a copy of the project, every process, and nothing left when it stops."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from demo.addresses import HOST, REPOSITORY, is_free

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "staticfiles", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture
def clone():
    """A copy of the project, not below pytest's folder: that one is closed to the account PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="hellowork-run-", dir="/var/tmp"))
    folder.chmod(0o755)
    shutil.copytree(REPOSITORY, folder / "portal", ignore=LEFT_OUT)
    yield folder / "portal"
    shutil.rmtree(folder)


@pytest.fixture
def run(clone):
    """Starts the runner in the copy on this port; what is still there at the end of the test is killed."""
    log = clone.parent / "run.log"

    def start(port):
        environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "demo.run"],
                cwd=clone,
                env={**environment, "PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    yield start
    for process in processes_of(clone):
        process.kill()


def processes_of(clone: Path) -> list[psutil.Process]:
    """Every process that works in this copy; a daemon such as PostgreSQL is nobody's child and is found as well."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(clone):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def free_block() -> int:
    """The first of five free ports in a row, below those the system hands out to everybody who connects somewhere."""
    while True:
        first = secrets.choice(range(10_000, 32_000, 5))  # pytest-randomly gives `random` the same seed in every worker
        if all(is_free(port) for port in range(first, first + 5)):
            return first


def wait_for(url: str, process: subprocess.Popen, *, seconds: int) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    return ""


def log_of(clone: Path) -> str:
    return (clone.parent / "run.log").read_text()


@pytest.mark.timeout(180)
def test_everything_starts_answers_and_stops_without_leaving_a_process(clone, run):
    port = free_block()
    first = run(port)
    assert '"ready": true' in wait_for(f"http://{HOST}:{port}/readyz", first, seconds=120), log_of(clone)
    assert "<h1" in wait_for(f"http://{HOST}:{port}/", first, seconds=20), log_of(clone)
    assert "受信したメール" in wait_for(f"http://{HOST}:{port + 2}/", first, seconds=20)
    started = processes_of(clone)
    assert len(started) >= 8  # runner, web, worker, beat, stand-in, mailbox, PostgreSQL, Redis

    second = run(port + 100)
    assert second.wait(30) == 1
    assert "running already" in log_of(clone).splitlines()[-1]

    first.send_signal(signal.SIGINT)
    assert first.wait(30) == 0, log_of(clone)
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []
    assert processes_of(clone) == []


def test_a_taken_port_gives_one_clear_line(clone, run):
    port = free_block()
    with socket.socket() as somebody:
        somebody.bind((HOST, port))
        somebody.listen()
        assert run(port).wait(30) == 1
    assert log_of(clone) == f"Port {port} is taken. Choose another first port: make run PORT={port + 100}\n"


def test_a_port_that_is_no_number_gives_one_clear_line(clone, run):
    assert run("web").wait(30) == 1
    assert log_of(clone) == "PORT must be a number from 1024 to 65000, not 'web'.\n"

"""`make run` for real: a copy of the project, every process, and nothing left when it stops."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
import pytest

from demo.addresses import HOST, REPOSITORY, is_free

SEEKER = "toru@seeker.example"
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


@pytest.fixture
def bystander():
    """A Celery worker by its name, of the same user, working elsewhere: what a stop by name would hit."""
    process = subprocess.Popen(["celery", "300"], executable=shutil.which("sleep"), cwd="/", start_new_session=True)
    yield process
    process.kill()
    process.wait()


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


def registration_link(port: int) -> str:
    """Registers an address in the portal and waits for the mailed link."""
    page = f"http://{HOST}:{port}/accounts/register/"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.open(page, timeout=10).read().decode())
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], "email": SEEKER})
    browser.open(page, form.encode(), timeout=10).close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for mail in mails(port):
            if SEEKER in mail["to"]:
                return re.search(r"http://\S+/register/link/\S+", mail["text"])[0]
        time.sleep(0.3)
    pytest.fail("No mail with the link arrived within 30 seconds.")


def mails(port: int) -> list[dict]:
    with urllib.request.urlopen(f"http://{HOST}:{port + 2}/api/messages", timeout=10) as answer:
        return json.load(answer)


def stop(runner: subprocess.Popen, started: list[psutil.Process]) -> None:
    """Ctrl-C, as the terminal sends it: to every process of the runner's group."""
    os.killpg(runner.pid, signal.SIGINT)
    assert runner.wait(30) == 0
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


def log_of(clone: Path) -> str:
    return (clone.parent / "run.log").read_text()


@pytest.mark.timeout(240)
def test_everything_starts_stops_and_starts_again_with_its_data(clone, run, bystander):
    port = free_block()
    first = run(port)
    assert '"ready": true' in wait_for(f"http://{HOST}:{port}/readyz", first, seconds=120), log_of(clone)
    assert "<h1" in wait_for(f"http://{HOST}:{port}/", first, seconds=20), log_of(clone)
    assert "受信したメール" in wait_for(f"http://{HOST}:{port + 2}/", first, seconds=20)
    link = registration_link(port)
    started = processes_of(clone)
    assert len(started) >= 8  # runner, web, worker, beat, stand-in, mailbox, PostgreSQL, Redis

    second = run(port + 100)
    assert second.wait(30) == 1
    assert "running already" in log_of(clone).splitlines()[-1]

    stop(first, started)
    assert processes_of(clone) == [], log_of(clone)
    assert bystander.poll() is None

    again = run(port)
    assert '"ready": true' in wait_for(f"http://{HOST}:{port}/readyz", again, seconds=60), log_of(clone)
    assert wait_for(f"http://{HOST}:{port + 2}/", again, seconds=20)
    assert SEEKER in str(mails(port))  # the mailbox kept its mails,
    assert SEEKER in wait_for(link, again, seconds=20)  # and the database the registration behind the link
    again.send_signal(signal.SIGINT)  # as `kill` does: to the runner alone
    assert again.wait(30) == 0
    assert processes_of(clone) == [], log_of(clone)
    assert bystander.poll() is None


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

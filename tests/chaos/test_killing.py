"""The servers of a run kill the process that talks to them, at the point that is loaded, and no other process ever."""

import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chaos.fleet import Fleet, Program
from chaos.mail import DeadlyMailServer
from chaos.points import Armed, Point
from demo.run_tests import free_port

CALLER = "import socket, sys, time\nline = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(60)\n"
LINES: list[socket.socket] = []
SENDER = """
import smtplib, sys
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as server:
    server.sendmail("a@portal.example", ["b@mail.example"], "Message-ID: <1@portal>\\n\\ntext")
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server
    while LINES:
        LINES.pop().close()


def called_from(listener: socket.socket) -> int:
    """The port of the next caller; its line is left open until the listener goes."""
    listener.settimeout(20)
    line, (_host, port) = listener.accept()
    LINES.append(line)
    return port


@contextmanager
def fleet_of(tmp_path, code: str, port: int, *, restarts: bool = False) -> Iterator[tuple[Fleet, Program]]:
    (tmp_path / "caller.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    program = Program(
        name="caller",
        command=["caller", str(port)],
        environment=environment,
        log=tmp_path / "caller.log",
        is_ready=lambda: True,
        is_wanted=restarts,
    )
    fleet = Fleet(seed=1)
    with fleet.running([program]):
        yield fleet, program


def wait_until(holds) -> bool:
    deadline = time.monotonic() + 20
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_the_process_at_the_other_end_is_killed(listener, tmp_path):
    port = listener.getsockname()[1]
    with fleet_of(tmp_path, CALLER, port) as (fleet, program):
        peer_port = called_from(listener)
        assert fleet.kill_peer(peer_port=peer_port, port=port, why="test")
        assert program.process.wait(5) == -9


def test_what_was_killed_is_started_again(listener, tmp_path):
    port = listener.getsockname()[1]
    with fleet_of(tmp_path, CALLER, port, restarts=True) as (fleet, program):
        peer_port = called_from(listener)
        fleet.kill_peer(peer_port=peer_port, port=port, why="test")
        called_from(listener)
        assert program.starts == 2


def test_a_process_that_is_not_ours_is_left_alone(listener, tmp_path):
    port = listener.getsockname()[1]
    stranger = subprocess.Popen([sys.executable, "-c", CALLER, str(port)])
    try:
        peer_port = called_from(listener)
        assert not Fleet(seed=1).kill_peer(peer_port=peer_port, port=port, why="test")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize(
    ("point", "expected"), [(Point.BEFORE_SEND, []), (Point.AFTER_ACCEPT, [("<1@portal>", False)])]
)
def test_who_sends_dies_at_the_loaded_point(tmp_path, point, expected):
    armed, port = Armed(), free_port()
    armed.load(point)
    with fleet_of(tmp_path, "import time\ntime.sleep(60)\n", port) as (fleet, program):
        server = DeadlyMailServer(port=port, fleet=fleet, armed=armed)
        server.start()
        try:
            (tmp_path / "caller.py").write_text(SENDER)
            program.kill_all()
            program.start()
            assert program.process.wait(20) == -9
            assert wait_until(lambda: armed.fired[point] == 1)
        finally:
            server.stop()
    assert [(mail.message_id, mail.ended_well) for mail in server.deliveries()] == expected


def test_a_shot_that_nobody_of_ours_came_to_stays_loaded():
    armed, port = Armed(), free_port()
    armed.load(Point.AFTER_ACCEPT)
    server = DeadlyMailServer(port=port, fleet=Fleet(seed=1), armed=armed)
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("a@portal.example", ["b@mail.example"], "Message-ID: <1@portal>\n\ntext")
    finally:
        server.stop()
    assert armed.is_loaded(Point.AFTER_ACCEPT)
    assert [mail.ended_well for mail in server.deliveries()] == [True]

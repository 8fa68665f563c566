"""The portal of one phase: a database, a Zoom, a mail server and processes of its own, beside what both phases share."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.installation import answers_at
from chaos.clerk import Clerk, clerk
from chaos.database import DeadlyDatabase
from chaos.fleet import Fleet, Program
from chaos.mail import DeadlyMailServer
from chaos.plan import Plan
from chaos.points import Armed
from chaos.zoom import DeadlyZoom
from demo.addresses import HOST
from demo.run_tests import free_port
from demo.servers import Cluster, RedisServer
from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.server import listen

JOIN_HOST = "zoom.sample.example"
"""Where the links in the mails lead: nobody follows them here."""


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What both phases share."""

    folder: Path
    cluster: Cluster
    redis: RedisServer
    environment: dict[str, str]
    template: str
    """The name of a migrated database."""


@dataclass(frozen=True, kw_only=True)
class Portal:
    port: int
    office: Clerk
    database: DeadlyDatabase
    redis: RedisServer
    zoom: DeadlyZoom
    mail: DeadlyMailServer
    fleet: Fleet
    armed: Armed


@contextmanager
def portal(grounds: Grounds, *, plan: Plan, seed: int, name: str, is_guarded: bool) -> Iterator[Portal]:
    """Running and ready; everything that was started is gone afterwards. Without guards it is the last one of its cluster."""
    armed, fleet = Armed(), Fleet(seed=seed)
    any_database = DeadlyDatabase(grounds.cluster, name="postgres", fleet=fleet, armed=armed)
    any_database.execute(f"CREATE DATABASE {name} TEMPLATE {grounds.template}")
    database = DeadlyDatabase(grounds.cluster, name=name, fleet=fleet, armed=armed)
    mail = DeadlyMailServer(port=free_port(), fleet=fleet, armed=armed)
    zoom = DeadlyZoom(ZoomStandIn(base_url=f"https://{JOIN_HOST}"), fleet=fleet, armed=armed)
    with ExitStack() as stack:
        stack.enter_context(_listening(zoom))
        mail.start()
        stack.callback(mail.stop)
        environment = {**grounds.environment, **_addresses(grounds, database, mail, zoom, name=name)}
        if not is_guarded:
            environment["DJANGO_SETTINGS_MODULE"] = "chaos.unguarded_settings"
            database.take_guards_away()
        office = stack.enter_context(clerk(environment, log=grounds.folder / f"{name}-clerk.log"))
        database.start_guard()
        stack.callback(database.stop_guard)
        port = free_port()
        programs = list(_programs(grounds.folder, environment, plan=plan, port=port, name=name))
        stack.enter_context(fleet.running(programs))
        yield Portal(
            port=port,
            office=office,
            database=database,
            redis=grounds.redis,
            zoom=zoom,
            mail=mail,
            fleet=fleet,
            armed=armed,
        )


@contextmanager
def _listening(zoom: DeadlyZoom) -> Iterator[None]:
    server = listen(zoom)
    zoom.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _addresses(
    grounds: Grounds, database: DeadlyDatabase, mail: DeadlyMailServer, zoom: DeadlyZoom, *, name: str
) -> dict[str, str]:
    known = zoom.app.credentials
    return {
        "DATABASE_URL": database.url,
        "REDIS_URL": grounds.redis.url,
        "EMAIL_URL": f"smtp://{HOST}:{mail.port}",
        "CELERY_BEAT_FILE": str(grounds.folder / f"{name}-beat"),
        "ZOOM_API_URL": f"http://{HOST}:{zoom.port}/v2",
        "ZOOM_OAUTH_URL": f"http://{HOST}:{zoom.port}/oauth/token",
        "ZOOM_ACCOUNT_ID": known.account_id,
        "ZOOM_CLIENT_ID": known.client_id,
        "ZOOM_CLIENT_SECRET": known.client_secret,
        "ZOOM_JOIN_HOSTS": JOIN_HOST,
    }


def _programs(folder: Path, environment: dict[str, str], *, plan: Plan, port: int, name: str) -> Iterator[Program]:
    """As `make run` starts them."""
    environment = {**environment, "PORTAL_URL": f"http://{HOST}:{port}"}
    web = ["gunicorn", "hellowork.wsgi", "--bind", f"{HOST}:{port}", "--workers", "2"]
    yield Program(
        name="web",
        command=[*web, "--log-level", "warning", "--no-control-socket"],
        environment=environment,
        log=folder / f"{name}-web.log",
        is_ready=lambda: answers_at(port, "/healthz"),
    )
    for number in range(plan.workers):
        log = folder / f"{name}-worker{number}.log"
        worker = ["celery", "-A", "hellowork", "worker", "--queues", "default,meetings,mails", "--concurrency", "2"]
        yield Program(
            name=f"worker{number}",
            command=[*worker, "--loglevel", "INFO", "--hostname", f"chaos{number}@%h"],
            environment=environment,
            log=log,
            is_ready=lambda log=log: " ready." in log.read_text(errors="replace"),
        )
    yield Program(
        name="beat",
        command=["celery", "-A", "chaos.beat", "beat", "--loglevel", "WARNING", "--pidfile", ""],
        environment=environment,
        log=folder / f"{name}-beat.log",
        is_ready=lambda: True,
    )


def portal_environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "chaos.settings",
        "PYTHONUNBUFFERED": "1",
        "PORTAL_ENV": "development",
        "PORTAL_DEMO": "0",
        "DEBUG": "0",
        "LOG_LEVEL": "WARNING",
        "STATIC_ROOT": str(folder / "static"),
    }

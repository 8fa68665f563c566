"""One phase: a portal of its own, people who use it, the script, the healing, the figures."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.installation import answers_at
from chaos.clerk import clerk
from chaos.clients import Client, Own, Person
from chaos.database import DeadlyDatabase
from chaos.facts import Facts
from chaos.fleet import Fleet, Program
from chaos.judge import DOUBLED_AND_EXPLAINED, Finding, judge
from chaos.mail import DeadlyMailServer
from chaos.plan import Plan
from chaos.points import Armed, Point
from chaos.script import Stage, play
from chaos.told import Ledger, Telling
from chaos.zoom import REF, DeadlyZoom
from demo.addresses import HOST
from demo.run_tests import free_port
from demo.servers import Cluster, RedisServer
from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.meetings import utc_text
from demo.zoom_stand_in.server import listen
from demo.zoom_stand_in.tokens import Credentials

JOIN_HOST = "zoom.sample.example"
"""Where the links in the mails lead: nobody follows them here."""
LOOK_EVERY = 1.0
REMINDERS_AFTER = 15.0
"""Seconds from the beginning until the first reminders are due."""
AFTER_REMINDERS = 3.0
SWEPT_WITHIN = 20.0
NOT_BEFORE_THE_SWEEP = frozenset({"orphans", DOUBLED_AND_EXPLAINED})


@dataclass(frozen=True, kw_only=True)
class Result:
    findings: list[Finding]
    facts: Facts
    healed_in: float | None
    """Seconds from the end of the script; None when it was not healed in time."""
    before_the_sweep: list[Finding]
    """Where it recovers: what the sweep had to find, without what was planted."""
    fired: dict[Point, int]
    kills: list[str]
    refused: int
    broken: int


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What both phases share."""

    folder: Path
    cluster: Cluster
    redis: RedisServer
    environment: dict[str, str]
    template: str
    """The name of a migrated database."""


def run_phase(
    grounds: Grounds, *, plan: Plan, seed: int, recovers: bool, faults: list[str], say: Callable[[str], None]
) -> Result:
    armed, fleet, ledger = Armed(), Fleet(seed=seed), Ledger()
    dice = random.Random(seed)
    name = "chaos_with" if recovers else "chaos_without"
    DeadlyDatabase(grounds.cluster, name="postgres", fleet=fleet, armed=armed).execute(
        f"CREATE DATABASE {name} TEMPLATE {grounds.template}"
    )
    database = DeadlyDatabase(grounds.cluster, name=name, fleet=fleet, armed=armed)
    mail = DeadlyMailServer(port=free_port(), fleet=fleet, armed=armed)
    zoom = DeadlyZoom(ZoomStandIn(base_url=f"https://{JOIN_HOST}"), fleet=fleet, armed=armed)
    with ExitStack() as stack:
        stack.enter_context(_listening(zoom))
        mail.start()
        stack.callback(mail.stop)
        environment = {**grounds.environment, **_addresses(grounds, database, mail, zoom, name=name)}
        office = stack.enter_context(clerk(environment, log=grounds.folder / f"{name}-clerk.log"))
        database.start_guard()
        stack.callback(database.stop_guard)
        port = free_port()
        programs = list(_programs(grounds.folder, environment, plan=plan, port=port, name=name, with_beat=recovers))
        say("start web, workers" + (" and beat" if recovers else "; no beat"))
        stack.enter_context(fleet.running(programs))
        scene = office.scene(plan, reminders_in=REMINDERS_AFTER)
        stopped = threading.Event()
        clients = list(_clients(scene, plan=plan, port=port, ledger=ledger, stopped=stopped, dice=dice))
        for client in clients:
            client.start()
        stage = Stage(
            plan=plan,
            fleet=fleet,
            armed=armed,
            zoom=zoom,
            mail=mail,
            database=database,
            redis=grounds.redis,
            say=say,
        )
        play(stage, dice=dice, faults=faults)
        stopped.set()
        for client in clients:
            client.join()
            for error in client.errors:
                raise error
        put_right(zoom, database)
        begin = time.monotonic()

        def look() -> Facts:
            return Facts(**office.rows(), zoom=zoom.meetings(), deliveries=mail.deliveries(), told=ledger.all())

        healed_in, before_the_sweep = None, []
        if recovers:
            say("wait until everything is healed")
            not_before = scene["last_reminder_at"] + AFTER_REMINDERS
            healed_in = _wait_until_right(look, begin=begin, within=plan.heal_within, not_before=not_before)
            say("plant an orphan and a wrong time, run the nightly sweep")
            facts = look()
            before_the_sweep = [finding for finding in judge(facts) if finding.figure != DOUBLED_AND_EXPLAINED]
            _plant(zoom, facts)
            office.sweep()
            _wait_until_right(
                look, begin=time.monotonic(), within=SWEPT_WITHIN, apart=frozenset({DOUBLED_AND_EXPLAINED})
            )
        else:
            say("wait without recovery")
            time.sleep(max(plan.without_recovery_seconds, scene["last_reminder_at"] + AFTER_REMINDERS - time.time()))
        facts = look()
    return Result(
        findings=judge(facts),
        facts=facts,
        healed_in=healed_in,
        before_the_sweep=before_the_sweep,
        fired=armed.fired,
        kills=fleet.kills,
        refused=ledger.refused,
        broken=ledger.broken,
    )


def put_right(zoom: DeadlyZoom, database: DeadlyDatabase) -> None:
    """What no program can mend: somebody puts the Zoom account right, and the day of Zoom's ends.

    What waits for that, up to an hour or until 9:00, is due now.
    """
    for meeting in zoom.app.book.all():
        if JOIN_HOST not in meeting["join_url"] or "phishing" in meeting["join_url"]:
            zoom.app.book.overwrite(
                str(meeting["id"]),
                join_url=f"https://{JOIN_HOST}/j/{meeting['id']}?pwd={meeting['encrypted_password']}",
            )
    database.execute("DELETE FROM booking_hostcalls")
    database.execute(
        "UPDATE booking_onlinemeeting SET next_attempt_at = now() WHERE leased_until IS NULL AND next_attempt_at > now()"
    )


def _wait_until_right(
    look: Callable[[], Facts],
    *,
    begin: float,
    within: float,
    not_before: float = 0.0,
    apart: frozenset[str] = NOT_BEFORE_THE_SWEEP,
) -> float | None:
    """Seconds from `begin` (monotonic) to the first look at which nothing is wrong, not before a moment (Unix time)."""
    while time.monotonic() < begin + within:
        asked_at = time.monotonic()
        wrong = {finding.figure for finding in judge(look())} - apart
        if not wrong and time.time() > not_before:
            return asked_at - begin
        time.sleep(LOOK_EVERY)
    return None


def _plant(zoom: DeadlyZoom, facts: Facts) -> None:
    """What only the sweep can find: a meeting of a closed row that came into being late, and one that somebody moved."""
    now = datetime.now(UTC)
    closed = next((row for row in facts.meetings if row.state == "closed"), None)
    if closed is not None:
        start = utc_text(now + timedelta(days=1))
        body = {"agenda": f"{REF}{closed.ref}", "start_time": start}
        zoom.app.book.create(facts.booked[0].host, body, base_url=f"https://{JOIN_HOST}", now=now)
    to_come = next(booked for booked in facts.booked if booked.is_live and booked.starts_at > now + timedelta(hours=2))
    refs = {row.ref for row in facts.meetings if row.number == to_come.number and row.can_be_entered}
    moved = next(meeting for meeting in facts.zoom if meeting.ref in refs)
    zoom.app.book.overwrite(moved.meeting_id, start_time=utc_text(moved.starts_at + timedelta(hours=1)))


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
    assert isinstance(known, Credentials)
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


def _programs(
    folder: Path, environment: dict[str, str], *, plan: Plan, port: int, name: str, with_beat: bool
) -> Iterator[Program]:
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
    if with_beat:
        yield Program(
            name="beat",
            command=["celery", "-A", "chaos.beat", "beat", "--loglevel", "WARNING", "--pidfile", ""],
            environment=environment,
            log=folder / f"{name}-beat.log",
            is_ready=lambda: True,
        )


def _clients(
    scene: dict, *, plan: Plan, port: int, ledger: Ledger, stopped: threading.Event, dice: random.Random
) -> Iterator[Client]:
    people = [Person(**seeker) for seeker in scene["seekers"]]
    rival, rest = people[-1], people[:-1]
    by_email = {person.email: person for person in people}
    standing = [
        Own(number=row["number"], person=by_email[row["seeker"]], counselor=row["counselor"], start=row["start"])
        for row in scene["standing"]
    ]
    for own in standing:
        ledger.write(
            Telling(what="booked", number=own.number, seeker=own.person.email, counselor=own.counselor, start=own.start)
        )
    for number in range(plan.clients):
        yield Client(
            port=port,
            service=scene["service"],
            counselors=scene["counselors"],
            people=rest[number :: plan.clients],
            rival=rival,
            own=standing[number :: plan.clients],
            ledger=ledger,
            stopped=stopped,
            dice=random.Random(dice.random()),
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

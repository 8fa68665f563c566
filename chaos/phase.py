"""One phase: people use a portal of its own, the script is played, what is broken heals, the facts are judged."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chaos.clients import Client, crowd, rush
from chaos.facts import Facts
from chaos.judge import DOUBLED_AND_EXPLAINED, Finding, judge
from chaos.plan import Plan
from chaos.points import Point
from chaos.portal import JOIN_HOST, Grounds, Portal, portal
from chaos.script import Stage, crash, play
from chaos.told import Ledger
from chaos.zoom import REF, DeadlyZoom
from demo.zoom_stand_in.meetings import utc_text

LOOK_EVERY = 1.0
WARM_WITHIN = 20.0
"""Seconds in which people use a portal that nothing has happened to yet, so that there is something to be broken."""
REMINDERS_AFTER, REMINDERS_AFTER_RUSH = 15.0, 30.0
"""Seconds from the beginning until the first reminders are due."""
AFTER_REMINDERS = 3.0
SWEPT_WITHIN = 20.0
HUNDRED = 100
NEVER_WRONG = frozenset({DOUBLED_AND_EXPLAINED})
NOT_BEFORE_THE_SWEEP = NEVER_WRONG | {"orphans"}


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
class Run:
    plan: Plan
    seed: int
    recovers: bool
    faults: list[str]
    say: Callable[[str], None]


def run_phase(grounds: Grounds, run: Run) -> Result:
    name = "chaos_with" if run.recovers else "chaos_without"
    run.say("start web, workers and beat" + ("" if run.recovers else ", without recovery and guards"))
    with portal(grounds, plan=run.plan, seed=run.seed, name=name, is_guarded=run.recovers) as running:
        reminders_in = REMINDERS_AFTER if run.recovers else REMINDERS_AFTER_RUSH
        scene = running.office.scene(run.plan, reminders_in=reminders_in)
        ledger, dice = Ledger(), random.Random(run.seed)
        clients = crowd(scene, plan=run.plan, port=running.port, ledger=ledger, dice=dice)
        if not run.recovers:
            rush(clients)
            running.database.execute("CHECKPOINT")
        with _people(clients):
            ledger.wait_for(run.plan.standing + 2 * run.plan.clients, within=WARM_WITHIN)
            stage = _stage(running, run, ledger)
            if not run.recovers:
                crash(stage)
            play(stage, dice=dice, faults=run.faults)
        reminded_at = scene["last_reminder_at"] + AFTER_REMINDERS
        healed_in, before_the_sweep = None, []
        if run.recovers:
            healed_in, before_the_sweep = _heal(running, ledger, run, not_before=reminded_at)
        else:
            put_right(running)
            run.say("wait without recovery")
            time.sleep(max(run.plan.without_recovery_seconds, reminded_at - time.time()))
        facts = _look(running, ledger)
    return Result(
        findings=judge(facts),
        facts=facts,
        healed_in=healed_in,
        before_the_sweep=before_the_sweep,
        fired=running.armed.fired,
        kills=running.fleet.kills,
        refused=ledger.refused,
        broken=ledger.broken,
    )


@contextmanager
def _people(clients: list[Client]) -> Iterator[None]:
    """At their browsers as long as the block; raises what a client did not expect."""
    for client in clients:
        client.start()
    try:
        yield
    finally:
        for client in clients:
            client.stopped.set()
    for client in clients:
        client.join()
        for error in client.errors:
            raise error


def _stage(running: Portal, run: Run, ledger: Ledger) -> Stage:
    return Stage(
        plan=run.plan,
        fleet=running.fleet,
        armed=running.armed,
        zoom=running.zoom,
        mail=running.mail,
        database=running.database,
        redis=running.redis,
        ledger=ledger,
        say=run.say,
    )


def _look(running: Portal, ledger: Ledger) -> Facts:
    return Facts(
        **running.office.rows(),
        zoom=running.zoom.meetings(),
        deliveries=running.mail.deliveries(),
        told=ledger.all(),
        outages=tuple(running.database.outages),
    )


def _heal(running: Portal, ledger: Ledger, run: Run, *, not_before: float) -> tuple[float | None, list[Finding]]:
    """How long it took, and what was left for the sweep to find beside what is planted for it."""
    run.say("wait until everything is healed")

    def look() -> Facts:
        put_right(running)
        return _look(running, ledger)

    healed_in = _wait_until_right(look, within=run.plan.heal_within, not_before=not_before, apart=NOT_BEFORE_THE_SWEEP)
    run.say("plant an orphan and a wrong time, run the nightly sweep")
    facts = _look(running, ledger)
    left = [finding for finding in judge(facts) if finding.figure not in NEVER_WRONG]
    _plant(running.zoom, facts)
    running.office.sweep()
    _wait_until_right(lambda: _look(running, ledger), within=SWEPT_WITHIN, apart=NEVER_WRONG)
    return healed_in, left


def put_right(running: Portal) -> None:
    """What no program can mend: somebody puts the Zoom account right, and the day of Zoom's ends.

    What waits for that, until 9:00 or up to an hour (at this pace minutes), is due now. They stay on duty until all is
    healed: a worker may write down what Zoom told it before.
    """
    book = running.zoom.app.book
    for meeting in book.all():
        link = f"https://{JOIN_HOST}/j/{meeting['id']}?pwd={meeting['encrypted_password']}"
        book.overwrite(str(meeting["id"]), join_url=link)
    running.database.execute(f"DELETE FROM booking_hostcalls WHERE count >= {HUNDRED}")
    running.database.execute(
        "UPDATE booking_onlinemeeting SET next_attempt_at = now()"
        " WHERE leased_until IS NULL AND next_attempt_at > now() + interval '20 seconds'"
    )


def _wait_until_right(
    look: Callable[[], Facts], *, within: float, apart: frozenset[str], not_before: float = 0.0
) -> float | None:
    """Seconds from now to the first look at which nothing is wrong, not before a moment (Unix time); None: never."""
    begin = time.monotonic()
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

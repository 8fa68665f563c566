"""What is done to the portal while people use it: every named point, every server, every fault of Zoom's, in random order."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from chaos.database import DeadlyDatabase
from chaos.fleet import Fleet
from chaos.mail import DeadlyMailServer
from chaos.plan import Plan
from chaos.points import Armed, Point
from chaos.told import Ledger
from chaos.zoom import DeadlyZoom
from demo.servers import RedisServer
from demo.zoom_stand_in.faults import FAULTS, Fault
from demo.zoom_stand_in.switches import SWITCHES

FIRES_WITHIN = 8.0
"""Seconds for a named point: somebody books, moves or cancels all the time."""
TOLD_BEFORE_A_CRASH, TOLD_WITHIN = 3, 8.0
CALLS = {"credentials_refused": "^POST /oauth", "change_ignored": "^PATCH", "meeting_deleted": "^(PATCH|DELETE)"}
"""Which calls a fault hits, where it makes no sense for every one."""
SECONDS = {"slow": 1.5, "daily": 3.0}
AMOUNTS = {"lagging_lists": 1.0, "hundred_a_day": 0.0, "small_pages": 1.0}


@dataclass(frozen=True, kw_only=True)
class Act:
    name: str
    do: Callable[[], None]
    undo: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Stage:
    plan: Plan
    fleet: Fleet
    armed: Armed
    zoom: DeadlyZoom
    mail: DeadlyMailServer
    database: DeadlyDatabase
    redis: RedisServer
    ledger: Ledger
    say: Callable[[str], None]


def play(stage: Stage, *, dice: random.Random, faults: list[str]) -> None:
    """Runs until every act is over; afterwards nothing is wrong any more but what the acts left behind."""
    acts = [*_points(stage), *_kills(stage), *_servers(stage), *_faults(stage, faults)]
    if stage.plan.does_all:
        acts += [*_more_kills(stage), *_restarts(stage)]
    dice.shuffle(acts)
    for act in acts:
        stage.say(act.name)
        act.do()
        act.undo()
    _fire_the_rest(stage)
    stage.armed.unload()
    stage.mail.mend()
    stage.zoom.app.fault_queue.clear()
    stage.zoom.app.switch_board.clear()


def _fire_the_rest(stage: Stage) -> None:
    """A point that nobody passed while it was loaded, perhaps because something else was away, gets another chance."""
    for _attempt in range(3):
        for point in [point for point, times in stage.armed.fired.items() if not times]:
            stage.say(f"again: kill {point}")
            _fire(stage, point)


def all_faults() -> list[str]:
    """Without those of webhooks: no session takes place during a run (tests/webhooks)."""
    return [name for name in (*FAULTS, *SWITCHES) if not name.startswith("webhooks_")]


def _points(stage: Stage) -> Iterator[Act]:
    for point in Point:
        yield Act(name=f"kill {point}", do=lambda point=point: _fire(stage, point))


def _fire(stage: Stage, point: Point) -> None:
    before = stage.armed.fired[point]
    stage.armed.load(point)
    stage.armed.wait_until_fired(point, times=before + 1, within=FIRES_WITHIN)


def _kills(stage: Stage) -> Iterator[Act]:
    yield _kill_child(stage, "web")
    yield _kill_program(stage, "worker")
    yield _kill_program(stage, "beat")


def _more_kills(stage: Stage) -> Iterator[Act]:
    yield _kill_child(stage, "worker")
    yield _kill_program(stage, "web")


def _kill_child(stage: Stage, kind: str) -> Act:
    return Act(
        name=f"kill one process of {kind}",
        do=lambda: stage.fleet.kill_child(kind, why="at random"),
        undo=lambda: time.sleep(stage.plan.act_seconds / 2),
    )


def _kill_program(stage: Stage, kind: str) -> Act:
    return Act(
        name=f"kill {kind}",
        do=lambda: stage.fleet.kill_program(kind, why="at random"),
        undo=lambda: time.sleep(stage.plan.act_seconds / 2),
    )


def _servers(stage: Stage) -> Iterator[Act]:
    seconds = stage.plan.act_seconds
    yield Act(name="flush Redis", do=lambda: _flush(stage.redis))
    yield Act(
        name="kill Redis", do=lambda: stage.redis.stop(at_once=True), undo=lambda: _after(seconds, stage.redis.start)
    )
    yield Act(name="crash PostgreSQL", do=lambda: crash(stage))
    yield Act(name="cut SMTP", do=stage.mail.cut, undo=lambda: _after(seconds, stage.mail.mend))


def _restarts(stage: Stage) -> Iterator[Act]:
    seconds = stage.plan.act_seconds
    yield Act(name="restart Redis", do=stage.redis.stop, undo=lambda: _after(seconds, stage.redis.start))
    yield Act(name="restart PostgreSQL", do=lambda: stage.database.restart(crash=False))


def _faults(stage: Stage, names: list[str]) -> Iterator[Act]:
    app = stage.zoom.app
    for name in names:
        if name in SWITCHES:
            yield Act(
                name=f"Zoom: {SWITCHES[name]}",
                do=lambda name=name: _switch(app, name),
                undo=lambda: _after(stage.plan.act_seconds, app.switch_board.clear),
            )
        else:
            yield Act(
                name=f"Zoom: {FAULTS[name]}",
                do=lambda name=name: _fault(stage, name),
                undo=lambda: _after(stage.plan.act_seconds, app.fault_queue.clear),
            )


def _switch(app: Any, name: str) -> None:
    if name == "only_newest_token":
        app.switch_board.set(name)
        app.tokens.forget()
    else:
        app.switch_board.set(name, amount=AMOUNTS.get(name, 1.0))


def _fault(stage: Stage, name: str) -> None:
    app = stage.zoom.app
    if name == "credentials_refused":
        app.tokens.forget()
    fault = Fault(
        name,
        times=None,
        probability=0.6,
        lasts=stage.plan.act_seconds,
        seconds=SECONDS.get(name, 0.0),
        on=CALLS.get(name, "^[A-Z]+ /v2"),
    )
    app.fault_queue.add(fault)


def crash(stage: Stage) -> None:
    """Just after some people were told something."""
    stage.ledger.wait_for(len(stage.ledger.all()) + TOLD_BEFORE_A_CRASH, within=TOLD_WITHIN)
    stage.database.restart(crash=True)


def _flush(server: RedisServer) -> None:
    client = redis.Redis.from_url(server.url)
    client.flushall()
    client.close()


def _after(seconds: float, act: Callable[[], None]) -> None:
    time.sleep(seconds)
    act()

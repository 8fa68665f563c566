"""People at their browsers: they book, move and cancel at the same time, and remember what they were told."""

import http.client
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.browser import Browser, UnexpectedAnswer
from bench.way import BOX, START, TYPED
from chaos.plan import Plan
from chaos.told import Ledger, Telling, What

TROUBLE = (OSError, http.client.HTTPException, UnexpectedAnswer)
FIRST_STARTS = 4
"""Everybody wants the earliest times, so that many want the same one."""
PLACES_RUSHED_AT = 2
SAYS_MOVED = "日時を変更しました".encode()
SAYS_CANCELLED = "予約を取り消しました".encode()


@dataclass(frozen=True, kw_only=True)
class Person:
    session: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Own:
    """A reservation that its person knows of, as they last knew it."""

    number: str
    person: Person
    counselor: int
    start: str


@dataclass
class Client(threading.Thread):
    """Owns its people and their reservations; `rival` is a person whom all clients share, to be booked for twice."""

    port: int
    service: int
    counselors: list[int]
    people: list[Person]
    rival: Person
    own: list[Own]
    ledger: Ledger
    stopped: threading.Event
    dice: random.Random
    pause: tuple[float, float] = (0.05, 0.4)
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        try:
            while not self.stopped.wait(self.dice.uniform(*self.pause)):
                self._act()
        except BaseException as error:  # noqa: BLE001  the main thread raises it
            self.errors.append(error)

    def _act(self) -> None:
        act = self.dice.choices(["book", "move", "cancel"], [5, 3, 2 if len(self.own) > 2 else 0])[0]
        try:
            if act == "book" or not self.own:
                self._book()
            elif act == "move":
                self._move(self.own.pop(self.dice.randrange(len(self.own))))
            else:
                self.cancel(self.own.pop(self.dice.randrange(len(self.own))))
        except TROUBLE:
            self.ledger.count(refused=False)

    # --- Each way has one request that decides. What breaks before it changed nothing; from it on nobody knows. ---------

    def _book(self) -> None:
        person = self.rival if self.dice.random() < 0.15 else self.dice.choice(self.people)
        self.book(person, self._wish(self.counselors))

    def book(self, person: Person, counselor: int, *, start: str | None = None) -> None:
        """At `start`, or at one of the times that the page offers."""
        browser = Browser(self.port, session=person.session)
        page = browser.get(f"/services/{self.service}/times/?counselor={counselor}")
        start = start or self._choose(page.body)
        if start is None:
            return
        form = {"start": start, "counselor": str(counselor), "csrfmiddlewaretoken": page.csrf_token}
        details = browser.post(f"/services/{self.service}/hold/", form).location
        if not details.endswith("/details/"):
            self.ledger.count(refused=True)
            return
        own = Own(number=details.split("/")[2], person=person, counselor=counselor, start=start)
        shown = browser.get(details)
        browser.post(details, {**TYPED, "csrfmiddlewaretoken": shown.csrf_token})
        check = details.replace("/details/", "/check/")
        shown = browser.get(check)
        boxes = {name.decode(): "on" for name in BOX.findall(shown.body)}
        with self._deciding("booked", own) as told:
            done = browser.post(check, {**boxes, "csrfmiddlewaretoken": shown.csrf_token}).location
            if done.endswith("/done/"):
                browser.get(done)
                told.is_so()
            else:
                told.is_refused()
        if told.certain:
            self.own.append(own)

    def _move(self, own: Own) -> None:
        browser = Browser(self.port, session=own.person.session)
        counselor = self.dice.choice([own.counselor, self.dice.choice(self.counselors)])
        path = f"/reservations/{own.number}/move/"
        try:
            start = self._choose(browser.get(f"{path}?counselor={counselor}").body)
            if start is None:
                self.own.append(own)
                return
            token = browser.get(f"{path}?{_query(start, counselor)}").csrf_token
        except TROUBLE:
            self.own.append(own)
            raise
        moved = Own(number=own.number, person=own.person, counselor=counselor, start=start)
        with self._deciding("moved", moved) as told:
            form = {"start": start, "counselor": str(counselor), "csrfmiddlewaretoken": token}
            answer = browser.post(path, form).location
            if answer.endswith("/move/"):
                told.is_refused()
            elif SAYS_MOVED in browser.get(answer).body:
                told.is_so()
        if told.certain:
            self.own.append(moved)
        elif told.refused:
            self.own.append(own)

    def cancel(self, own: Own) -> None:
        browser = Browser(self.port, session=own.person.session)
        path = f"/reservations/{own.number}/cancel/"
        try:
            token = browser.get(path).csrf_token
        except TROUBLE:
            self.own.append(own)
            raise
        with self._deciding("cancelled", own) as told:
            answer = browser.post(path, {"csrfmiddlewaretoken": token}).location
            if SAYS_CANCELLED in browser.get(answer).body:
                told.is_so()

    def first_start(self, counselor: int) -> str | None:
        page = Browser(self.port, session=self.rival.session).get(
            f"/services/{self.service}/times/?counselor={counselor}"
        )
        return min((start.decode() for start in START.findall(page.body)), default=None)

    def _choose(self, body: bytes) -> str | None:
        starts = sorted({start.decode() for start in START.findall(body)})
        return self._wish(starts[:FIRST_STARTS]) if starts else None

    def _wish(self, choices: list[Any]) -> Any:
        """Half the time what everybody wants."""
        return choices[0] if self.dice.random() < 0.5 else self.dice.choice(choices)

    def _deciding(self, what: What, own: Own) -> "Deciding":
        return Deciding(ledger=self.ledger, what=what, own=own)


@dataclass
class Deciding:
    """Around the request that decides: what was told is written down, and what was only tried, too."""

    ledger: Ledger
    what: What
    own: Own
    certain: bool = False
    refused: bool = False

    def __enter__(self) -> "Deciding":
        return self

    def is_so(self) -> None:
        self.certain = True

    def is_refused(self) -> None:
        self.refused = True

    def __exit__(self, *_error: Any) -> None:
        if self.refused:
            self.ledger.count(refused=True)
            return
        self.ledger.write(
            Telling(
                what=self.what,
                number=self.own.number,
                seeker=self.own.person.email,
                counselor=self.own.counselor,
                start=self.own.start,
                is_certain=self.certain,
            )
        )


def _query(start: str, counselor: int) -> str:
    return f"start={start.replace('+', '%2B')}&counselor={counselor}"


def crowd(scene: dict[str, Any], *, plan: Plan, port: int, ledger: Ledger, dice: random.Random) -> list[Client]:
    """Not started. What stands already they were told of long ago."""
    stopped = threading.Event()
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
    return [
        Client(
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
        for number in range(plan.clients)
    ]


def rush(clients: list[Client]) -> None:
    """Before anything fails: each gives up a reservation that it will be reminded of; then all want the same place, twice."""
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(_give_one_up, clients))
        for counselor in clients[0].counselors[-PLACES_RUSHED_AT:]:
            book = partial(_rush_in, counselor=counselor, start=clients[0].first_start(counselor))
            list(pool.map(book, clients))


def _give_one_up(client: Client) -> None:
    with suppress(*TROUBLE):
        client.cancel(client.own.pop())


def _rush_in(client: Client, *, counselor: int, start: str | None) -> None:
    """What comes of it is left alone afterwards."""
    before = list(client.own)
    with suppress(*TROUBLE):
        client.book(client.people[-1], counselor, start=start)
    client.own = before

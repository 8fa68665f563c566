"""Every way to a reservation at once, on real PostgreSQL: no deadlock, no crash, and no rule that gives way.

`ATTACK_SECONDS=60` lets it run for longer.
"""

import os
import random
import threading
import time as clock
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, connections

from booking.clock import day_of
from booking.enums import OCCUPYING, BookingWay, Ground, Language, LimitScope, RequestState, ReservationStatus
from booking.errors import BookingError
from booking.flows.answer import answer_by_link, mark_reply
from booking.flows.arrange import (
    Wishes,
    accept_proposal,
    accept_wish,
    decline_proposal,
    propose,
    request_session,
    withdraw_request,
)
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.enter import Entry, enter
from booking.flows.hold import hold, release
from booking.flows.lapse import lapse
from booking.flows.mail_link import confirm_by_link, request_by_link
from booking.flows.move import move
from booking.flows.offering import offer_free_places
from booking.flows.reserve import ReservationDetails, reserve
from booking.flows.restrict import lift, restrict
from booking.flows.waiting import decline, join_line, leave_line, take_offer
from booking.models import (
    InterpreterHours,
    Reservation,
    Restriction,
    Service,
    SessionRequest,
    WaitingEntry,
)
from tests.factories import NOW, CounselorFactory, MembershipFactory, OfficeFactory, SeekerFactory, ServiceFactory, jst
from tests.races.test_last_place import deadlocks

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = float(os.environ.get("ATTACK_SECONDS", "5"))
WORKERS = 8
MOST_COMING, MOST_A_DAY, GAP = 2, 4, timedelta(minutes=15)
DETAILS = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")
STARTS = [jst(6, day, hour, minute) for day in (2, 3, 4) for hour in (10, 11, 12) for minute in (0, 15, 30, 45)]
HOURS = [(day, time(10), time(13)) for day in range(5)]


class Office:
    """Three services with the same two counselors, six people with and without an account, one interpreter."""

    def __init__(self) -> None:
        self.office = OfficeFactory.create()
        rules: dict[str, Any] = {
            "office": self.office,
            "hours": HOURS,
            "step_minutes": 15,
            "limit_scope": LimitScope.OFFICE,
            "most_coming": MOST_COMING,
            "gap_minutes": GAP // timedelta(minutes=1),
            "most_sessions_a_day": MOST_A_DAY,
        }
        self.at_once = ServiceFactory.create(**rules, has_waiting_list=True)
        self.by_link = ServiceFactory.create(**rules, way=BookingWay.MAIL_LINK, has_waiting_list=True)
        self.arranged = ServiceFactory.create(**rules, way=BookingWay.ARRANGED)
        self.services = [self.at_once, self.by_link, self.arranged]
        self.counselors = CounselorFactory.create_batch(2, office=self.office, services=self.services)
        self.people = SeekerFactory.create_batch(6)
        self.staff = MembershipFactory.create(office=self.office, role="manager").user
        for weekday in range(5):
            InterpreterHours.objects.create(
                office=self.office,
                language=Language.choices[0][0],
                weekday=weekday,
                opens=time(9),
                closes=time(17),
                seats=1,
            )


class Crowd:
    """One worker: chooses somebody and something to do, over and over."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.dice = office, random.Random(seed)
        self.acts: list[Callable[[], Any]] = [
            *[self.hold, self.reserve, self.ask_by_link, self.confirm, self.enter, self.answer] * 2,
            *[self.request, self.propose, self.accept_wish, self.agree, self.withdraw],
            *[self.join, self.offer, self.take, self.decline, self.leave_line],
            *[self.move, self.cancel, self.cancel, self.lapse, self.release, self.restrict, self.lift, self.lift],
        ]

    def fresh(self, service: Service) -> Service:
        return Service.objects.select_related("office").get(pk=service.pk)

    def person(self) -> Any:
        return type(self.office.people[0]).objects.get(pk=self.dice.choice(self.office.people).pk)

    def wish(self) -> dict[str, Any]:
        language = Language.choices[0][0] if self.dice.random() < 0.3 else ""
        counselor = self.dice.choice([None, *self.office.counselors])
        return {"starts_at": self.dice.choice(STARTS), "counselor": counselor, "language": language}

    def one_of(self, rows: Any) -> Any:
        found = list(rows)
        if not found:
            raise LookupError
        return self.dice.choice(found)

    def row(self, *statuses: str) -> Reservation:
        return self.one_of(Reservation.objects.with_facts().filter(status__in=statuses, office=self.office.office))

    def hold(self) -> None:
        hold(service=self.fresh(self.office.at_once), seeker=self.person(), now=NOW, **self.wish())

    def reserve(self) -> None:
        reserve(self.row(ReservationStatus.HELD, ReservationStatus.EXPIRED), details=DETAILS, now=NOW)

    def release(self) -> None:
        row = self.row(ReservationStatus.HELD)
        release(row, by=row.seeker, now=NOW)

    def ask_by_link(self) -> None:
        who = self.person()
        who = who if self.dice.random() < 0.5 else who.email
        request_by_link(
            who,
            service=self.fresh(self.office.by_link),
            details=DETAILS,
            agree=lambda _person: None,
            now=NOW,
            **self.wish(),
        )

    def confirm(self) -> None:
        confirm_by_link(self.row(ReservationStatus.AWAITING_LINK), now=NOW)

    def enter(self) -> None:
        service = self.fresh(self.dice.choice(self.office.services))
        whom = {"person": self.person()} if self.dice.random() < 0.5 else {"email": self.person().email}
        waits = self.dice.random() < 0.5
        enter(
            Entry(service=service, details=DETAILS, by=self.office.staff, waits_for_reply=waits, **whom, **self.wish()),
            now=NOW,
        )

    def answer(self) -> None:
        row = self.row(ReservationStatus.AWAITING_REPLY)
        if self.dice.random() < 0.5:
            mark_reply(row, by=self.office.staff, now=NOW)
        else:
            answer_by_link(row, now=NOW)

    def asked(self, *states: str) -> SessionRequest:
        return self.one_of(SessionRequest.objects.with_facts().filter(state__in=states))

    def request(self) -> None:
        wishes = Wishes(starts=self.dice.sample(STARTS, 3))
        request_session(
            service=self.fresh(self.office.arranged), seeker=self.person(), wishes=wishes, details=DETAILS, now=NOW
        )

    def propose(self) -> None:
        wish = self.wish()
        counselor = wish["counselor"] or self.office.counselors[0]
        propose(
            self.asked(RequestState.RECEIVED, RequestState.PROPOSED),
            starts_at=wish["starts_at"],
            counselor=counselor,
            by=self.office.staff,
            now=NOW,
        )

    def accept_wish(self) -> None:
        asked = self.asked(RequestState.RECEIVED, RequestState.PROPOSED)
        counselor = self.dice.choice(self.office.counselors)
        accept_wish(asked, starts_at=self.dice.choice(asked.wishes), counselor=counselor, by=self.office.staff, now=NOW)

    def agree(self) -> None:
        asked = self.asked(RequestState.PROPOSED)
        flow = self.dice.choice([accept_proposal, accept_proposal, decline_proposal])
        flow(asked, number=asked.reservation.number, by=asked.seeker, now=NOW)

    def withdraw(self) -> None:
        asked = self.asked(RequestState.RECEIVED, RequestState.PROPOSED)
        withdraw_request(asked, by=asked.seeker, now=NOW)

    def join(self) -> None:
        service = self.fresh(self.dice.choice([self.office.at_once, self.office.by_link]))
        join_line(service=service, seeker=self.person(), first_day=date(2026, 6, 2), last_day=date(2026, 6, 4), now=NOW)

    def offer(self) -> None:
        offer_free_places(self.fresh(self.dice.choice([self.office.at_once, self.office.by_link])), now=NOW)

    def entry(self) -> WaitingEntry:
        return self.one_of(WaitingEntry.objects.with_facts().in_line())

    def take(self) -> None:
        entry = self.entry()
        take_offer(entry, by=entry.seeker, now=NOW)

    def decline(self) -> None:
        entry = self.entry()
        decline(entry, by=entry.seeker, now=NOW)

    def leave_line(self) -> None:
        entry = self.entry()
        leave_line(entry, by=entry.seeker, now=NOW)

    def move(self) -> None:
        wish = self.wish()
        row = self.row(ReservationStatus.CONFIRMED)
        move(row, starts_at=wish["starts_at"], counselor=wish["counselor"], by=row.seeker, now=NOW)

    def cancel(self) -> None:
        row = self.row(ReservationStatus.CONFIRMED, ReservationStatus.AWAITING_LINK, ReservationStatus.PROPOSED)
        if self.dice.random() < 0.5:
            cancel_by_seeker(row, by=row.seeker, now=NOW)
        else:
            cancel_by_office(row, by=self.office.staff, reason="都合", now=NOW)

    def lapse(self) -> None:
        pending = (ReservationStatus.AWAITING_LINK, ReservationStatus.AWAITING_REPLY, ReservationStatus.PROPOSED)
        lapse(self.row(*pending, ReservationStatus.OFFERED, ReservationStatus.HELD).pk, now=NOW + timedelta(days=9))

    def restrict(self) -> None:
        if not Restriction.objects.in_force(day_of(NOW)).exists():
            about = {"ground": Ground.HINDERING, "reason": "理由", "text": "お電話ください。", "ends_on": None}
            restrict(self.person(), office=self.office.office, by=self.office.staff, now=NOW, **about)

    def lift(self) -> None:
        lift(self.one_of(Restriction.objects.in_force(day_of(NOW))), by=self.office.staff, reason="済", now=NOW)


class Watch:
    """What came of it: how often each act succeeded, the refusals, and what crashed."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.crashes: list[str] = []

    def run(self, crowd: Crowd, until: float) -> None:
        while clock.monotonic() < until:
            act = crowd.dice.choice(crowd.acts)
            try:
                act()
                self.done[act.__name__] += 1
            except LookupError:
                continue
            except BookingError as refused:
                self.refused[refused.code] += 1
            except Exception as crash:  # noqa: BLE001  whatever it is, it is told below
                self.crashes.append(f"{act.__name__}: {crash!r}")
        connections.close_all()


@pytest.fixture
def rushed(freeze: Callable[..., Any], transactional_db: None) -> tuple[Office, Watch, int]:
    freeze(NOW)
    office, watch, before = Office(), Watch(), deadlocks()
    until = clock.monotonic() + SECONDS
    workers = [threading.Thread(target=watch.run, args=(Crowd(office, seed), until)) for seed in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    connection.ensure_connection()
    return office, watch, deadlocks() - before


def test_nothing_breaks_and_no_rule_gives_way(rushed: tuple[Office, Watch, int]) -> None:
    _office, watch, met = rushed
    assert watch.crashes == []
    assert met == 0
    assert len(watch.done) > 10
    rows = list(
        Reservation.objects.filter(status__in=OCCUPYING).select_related("seeker", "guest").order_by("starts_at")
    )
    assert no_more_than(MOST_COMING, by_mail(rows))
    assert no_more_than(MOST_A_DAY, Counter((row.counselor_id, day_of(row.starts_at)) for row in rows))
    assert all(later.starts_at - earlier.ends_at >= GAP for earlier, later in neighbours(rows, "counselor_id"))
    interpreted = [row for row in rows if row.office_interpreter]
    assert all(later.starts_at >= earlier.ends_at for earlier, later in neighbours(interpreted, "office_id"))
    offered = set(WaitingEntry.objects.exclude(reservation=None).values_list("reservation", flat=True))
    assert {row.pk for row in rows if row.status == ReservationStatus.OFFERED} <= offered
    proposed = set(SessionRequest.objects.exclude(reservation=None).values_list("reservation", flat=True))
    assert {row.pk for row in rows if row.status == ReservationStatus.PROPOSED} <= proposed


def by_mail(rows: list[Reservation]) -> Counter[str]:
    return Counter(row.person.email for row in rows if row.status != ReservationStatus.HELD)


def no_more_than(most: int, counted: Counter[Any]) -> bool:
    return not counted or max(counted.values()) <= most


def neighbours(rows: list[Reservation], column: str) -> list[tuple[Reservation, Reservation]]:
    groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, column)].append(row)
    return [pair for group in groups.values() for pair in pairwise(group)]

"""Sample reservations in every status: past ones along the state machine, coming ones through the flows."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from accounts.models import User
from booking.clock import at, day_of
from booking.enums import Action
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.hold import release
from booking.flows.online_meeting import request_meeting
from booking.flows.reserve import ReservationDetails
from booking.mails.reservations import queue_reservation_mails
from booking.models import Reservation, Service
from booking.transitions import apply, leave_event
from demo.sample.ways import book, details_of, load_waiting_for_an_answer, staff_of, take
from offices.calendar import calendar_of

COMPLETED = (Action.RESERVE, Action.CHECK_IN, Action.COMPLETE)
CANCELLED = (Action.RESERVE, Action.CANCEL_BY_SEEKER)
CANCELLED_BY_OFFICE = (Action.RESERVE, Action.CANCEL_BY_OFFICE)
NO_SHOW = (Action.RESERVE, Action.MARK_NO_SHOW)
OFFICE_ABSENT = (Action.RESERVE, Action.MARK_OFFICE_ABSENT)
STOPPED = (Action.RESERVE, Action.CHECK_IN, Action.STOP)

PAST: list[tuple[str, tuple[Action, ...]]] = [
    ("kobayashi", (Action.RESERVE, Action.CHECK_IN)),
    ("hamamatsu", COMPLETED),
    ("sasebo", COMPLETED),
    ("zenkoku", COMPLETED),
    ("kobayashi", NO_SHOW),
    ("sasebo-evening", COMPLETED),
    ("kobayashi", COMPLETED),
    ("hamamatsu", CANCELLED_BY_OFFICE),
    ("zenkoku", NO_SHOW),
    ("sasebo", CANCELLED),
    ("kobayashi", COMPLETED),
    ("zenkoku", COMPLETED),
    ("kobayashi", CANCELLED),
    ("kobayashi", (Action.EXPIRE,)),
    ("zenkoku", (Action.RELEASE,)),
    ("sasebo-evening", NO_SHOW),
    ("hamamatsu", COMPLETED),
    ("kobayashi", COMPLETED),
    ("zenkoku", OFFICE_ABSENT),
    ("zenkoku", STOPPED),
]
"""Three a day, going back from the last business day: the service, and what happened after the hold."""

COMING = [
    ("kobayashi", 1),
    ("kobayashi", 2),
    ("hamamatsu", 3),
    ("hamamatsu", 4),
    ("sasebo", 2),
    ("sasebo", 3),
    ("sasebo-evening", 4),
    ("sasebo-evening", 1),
    ("zenkoku", 0),
    ("zenkoku", 2),
    ("zenkoku", 3),
]
"""The service and the number of the seeker; each comes to be in the way of its service (demo.sample.ways)."""


class Cast(NamedTuple):
    services: dict[str, Service]
    seekers: list[User]


def load_past(cast: Cast, *, today: date) -> None:
    for number, (key, actions) in enumerate(PAST):
        service = cast.services[key]
        day = business_day_before(service, today, days=number // 3 + 1)
        load_one_of_the_past(service, cast.seekers[number % len(cast.seekers)], day, actions, number=number)


def business_day_before(service: Service, today: date, *, days: int) -> date:
    return calendar_of(service.office, today - timedelta(days=60), today).business_days_before(today, days)


def load_one_of_the_past(
    service: Service, seeker: User, day: date, actions: tuple[Action, ...], *, number: int
) -> None:
    """A row that went through `actions` in its time; nobody is mailed about what is over."""
    counselors = list(service.counselors.all())
    version = service.version_on(day)
    opening = version.hours.filter(weekday=day.weekday()).order_by("opens")[0]
    starts_at = at(day, opening.opens) + number % 2 * version.policy.length
    held_at = starts_at - timedelta(days=4, hours=3)
    reservation = Reservation(
        office=service.office,
        service=service,
        counselor=counselors[number % len(counselors)],
        seeker=seeker,
        starts_at=starts_at,
        ends_at=starts_at + version.policy.length,
        hold_expires_at=held_at + version.policy.hold_lasts,
    )
    if Action.RESERVE in actions:
        fill_in(
            reservation,
            details_of(seeker, service, number=number, now=held_at),
            reserved_at=held_at + timedelta(minutes=4),
        )
    if Action.CHECK_IN in actions:
        reservation.checked_in_at = starts_at
    reservation.save()
    Reservation.objects.filter(pk=reservation.pk).update(created_at=held_at)
    leave_event(reservation, Action.HOLD, before="", actor=seeker, now=held_at)
    for action in actions:
        go_on(reservation, action, held_at=held_at)


def fill_in(reservation: Reservation, details: ReservationDetails, *, reserved_at: datetime) -> None:
    reservation.name, reservation.kana = details.name, details.kana
    reservation.phone, reservation.phone_e164 = details.phone, details.phone_e164
    reservation.seeker_number, reservation.topic = details.seeker_number, details.topic
    reservation.standing, reservation.answers = details.standing, list(details.answers)
    reservation.reserved_at = reserved_at


def go_on(reservation: Reservation, action: Action, *, held_at: datetime) -> None:
    moments = {
        Action.RESERVE: held_at + timedelta(minutes=4),
        Action.RELEASE: held_at + timedelta(minutes=3),
        Action.EXPIRE: held_at + timedelta(minutes=10),
        Action.CANCEL_BY_SEEKER: reservation.starts_at - timedelta(days=2),
        Action.CANCEL_BY_OFFICE: reservation.starts_at - timedelta(days=2),
        Action.CHECK_IN: reservation.starts_at,
        Action.MARK_NO_SHOW: reservation.starts_at + timedelta(minutes=10),
        Action.MARK_OFFICE_ABSENT: reservation.starts_at + timedelta(minutes=20),
        Action.STOP: reservation.starts_at + timedelta(minutes=12),
        Action.COMPLETE: reservation.ends_at,
    }
    by_seeker = {Action.RESERVE, Action.RELEASE, Action.CANCEL_BY_SEEKER, Action.CHECK_IN}
    by_office = {Action.CANCEL_BY_OFFICE, Action.COMPLETE, Action.STOP, Action.MARK_OFFICE_ABSENT}
    counselor = reservation.counselor.membership
    actor = reservation.seeker if action in by_seeker else counselor.user if counselor and action in by_office else None
    away = {Action.CANCEL_BY_OFFICE, Action.MARK_OFFICE_ABSENT}
    reason = "担当者の急な不在のため（見本）" if action in away else "録画をやめていただけなかったため（見本）"
    reason = reason if action in {*away, Action.STOP} else ""
    apply(reservation, action, actor=actor, now=moments[action], reason=reason)


def load_today(cast: Cast, *, now: datetime) -> None:
    """If the office is still open today: one session later today, as if booked yesterday."""
    service, seeker = cast.services["kobayashi"], cast.seekers[1]
    today = day_of(now)
    times = [at(today, time(hour)) for hour in (9, 10, 11, 13, 14, 15)]
    later = [moment for moment in times if moment >= now + timedelta(minutes=30)]
    if not later or not calendar_of(service.office, today, today).is_business_day(today):
        return
    counselor = service.counselors.order_by("pk")[0]
    reservation = Reservation(
        office=service.office,
        service=service,
        counselor=counselor,
        seeker=seeker,
        starts_at=later[0],
        ends_at=later[0] + service.policy_on(today).length,
        hold_expires_at=now,
        meeting_host=counselor.meeting_host,
        host_until=later[0] + service.policy_on(today).length,
    )
    yesterday = now - timedelta(days=1)
    fill_in(reservation, details_of(seeker, service, number=0, now=now), reserved_at=yesterday)
    reservation.save()
    leave_event(reservation, Action.HOLD, before="", actor=seeker, now=yesterday)
    apply(reservation, Action.RESERVE, actor=seeker, now=yesterday)
    request_meeting(reservation, now=now)
    queue_reservation_mails(reservation, now=now)


def load_coming(cast: Cast, *, now: datetime) -> None:
    for number, (key, seeker) in enumerate(COMING):
        book(cast.services[key], cast.seekers[seeker], now=now, number=number)
    own = book(cast.services["zenkoku"], cast.seekers[1], now=now, number=20)
    cancel_by_seeker(own, by=own.seeker, now=now)
    by_office = book(cast.services["kobayashi"], cast.seekers[4], now=now, number=21)
    cancel_by_office(by_office, by=staff_of(by_office), reason="相談員の都合がつかなくなったため（見本）", now=now)
    release(take(cast.services["zenkoku"], cast.seekers[4], now=now, number=22), by=cast.seekers[4], now=now)
    load_waiting_for_an_answer(cast.services, cast.seekers, now=now)
    take(cast.services["kobayashi"], cast.seekers[5], now=now, number=23)

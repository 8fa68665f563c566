"""Two acts on one reservation at the same second: one of them counts, the other is refused, nothing happens twice."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from booking.enums import Consequence, MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.check_in import check_in
from booking.flows.consequence import Decision, confirm_no_show
from booking.flows.no_show import mark_no_show
from booking.flows.online_meeting import request_meeting
from booking.models import OnlineMeeting, Reservation
from booking.models.reservation import ReservationQuerySet
from booking.transitions import apply, leave_event
from mailing.models import OutgoingMail
from tests.factories import NOW, ReservationFactory, jst

pytestmark = pytest.mark.django_db(transaction=True)
START = jst(6, 2, 10)
NOTE = Decision(consequence=Consequence.NOTE, reason="確認した")
TEN_PAST = START + timedelta(minutes=10)


@pytest.fixture
def reservation(freeze) -> Reservation:
    freeze(NOW)
    reservation = ReservationFactory.create(starts_at=START, counselor_present_at=START)
    request_meeting(reservation, now=NOW)
    return reservation


def at_once(*acts: Callable[[], object]) -> list[object]:
    results: list[object] = []
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results.append(act())
        except BookingError as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(acts), "an act ended in an error"
    return results


@pytest.mark.requirement("K-24")
@pytest.mark.parametrize("round_number", range(5))
def test_who_enters_as_the_tenth_minute_ends_is_either_in_or_absent(reservation, round_number) -> None:
    at_once(
        *[lambda: check_in(reservation, by=reservation.seeker, now=TEN_PAST) for _browser in range(2)],
        *[lambda: mark_no_show(reservation.pk, now=TEN_PAST) for _sweeper in range(2)],
    )

    reservation.refresh_from_db()
    is_in = reservation.status == ReservationStatus.CHECKED_IN
    assert reservation.status in (ReservationStatus.CHECKED_IN, ReservationStatus.NO_SHOW)
    assert reservation.events.count() == 1
    assert OutgoingMail.objects.filter(kind="no_show").count() == (0 if is_in else 1)
    assert OnlineMeeting.objects.get().state == (MeetingState.REQUESTED if is_in else MeetingState.CLOSING)


@pytest.mark.parametrize("round_number", range(5))
def test_seeker_and_office_cancel_only_once(reservation, round_number) -> None:
    results = at_once(
        *[lambda: cancel_by_seeker(reservation, by=reservation.seeker, now=NOW) for _browser in range(3)],
        *[lambda: cancel_by_office(reservation, by=None, reason="停電のため", now=NOW) for _browser in range(3)],
    )

    assert results.count("wrong_status") == 5
    reservation.refresh_from_db()
    assert reservation.calendar_sequence == 1
    assert OutgoingMail.objects.filter(kind=reservation.status).count() == 1
    assert OnlineMeeting.objects.get().state == MeetingState.CLOSING


def test_without_the_lock_every_one_of_them_would_cancel(reservation, monkeypatch) -> None:
    def apply_late(*args: object, **named: object) -> None:
        time.sleep(0.3)  # everybody has read the row before anybody writes it
        apply(*args, **named)

    monkeypatch.setattr(ReservationQuerySet, "lock", lambda rows: rows)
    monkeypatch.setattr("booking.flows.cancel.apply", apply_late)
    results = at_once(*[lambda: cancel_by_seeker(reservation, by=reservation.seeker, now=NOW) for _browser in range(3)])

    assert results.count("wrong_status") == 0
    assert reservation.events.count() == 3


def test_without_the_lock_somebody_would_be_in_and_absent_at_once(reservation, monkeypatch) -> None:
    """The twin of the tenth minute: both have read the row before either writes it."""

    def apply_late(*args: object, **named: object) -> None:
        time.sleep(0.3)
        apply(*args, **named)

    monkeypatch.setattr(ReservationQuerySet, "lock", lambda rows: rows)
    monkeypatch.setattr("booking.flows.check_in.apply", apply_late)
    monkeypatch.setattr("booking.flows.no_show.apply", apply_late)
    at_once(
        lambda: check_in(reservation, by=reservation.seeker, now=TEN_PAST),
        lambda: mark_no_show(reservation.pk, now=TEN_PAST),
    )

    assert reservation.events.count() == 2


def test_staff_decide_only_once_about_a_no_show(reservation) -> None:
    mark_no_show(reservation.pk, now=TEN_PAST)
    results = at_once(
        *[lambda: confirm_no_show(reservation, decision=NOTE, by=None, now=TEN_PAST) for _staff in range(3)]
    )

    assert results.count("already_decided") == 2
    assert reservation.events.count() == 2


def test_without_the_lock_each_of_them_would_decide(reservation, monkeypatch) -> None:
    def leave_late(*args: object, **named: object) -> None:
        time.sleep(0.3)
        leave_event(*args, **named)

    mark_no_show(reservation.pk, now=TEN_PAST)
    monkeypatch.setattr(ReservationQuerySet, "lock", lambda rows: rows)
    monkeypatch.setattr("booking.flows.consequence.lock_person", lambda _person: None)
    monkeypatch.setattr("booking.flows.consequence.leave_event", leave_late)
    results = at_once(
        *[lambda: confirm_no_show(reservation, decision=NOTE, by=None, now=TEN_PAST) for _staff in range(2)]
    )

    assert results.count("already_decided") == 0
    assert reservation.events.count() == 3

"""An absence and somebody who is booking that very time: nobody is left with a counselor who is away unnoticed."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from booking.agenda import hit_by_absence
from booking.enums import ReservationStatus
from booking.errors import SlotTaken
from booking.flows.absence import save_absence
from booking.flows.hold import hold
from booking.flows.reserve import ReservationDetails, reserve
from booking.models import Absence, Reservation
from tests.factories import NOW, SeekerFactory, bookable_service, jst

pytestmark = pytest.mark.django_db(transaction=True)
START = jst(6, 2, 10)
DETAILS = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")
LONG_ENOUGH_TO_NOTICE = 0.5


@pytest.fixture
def frozen(freeze):
    return freeze(NOW)


@pytest.fixture
def held(frozen) -> Reservation:
    return hold(service=bookable_service(), starts_at=START, seeker=SeekerFactory.create(), now=NOW)


def absence_of(reservation: Reservation) -> Absence:
    return Absence(counselor=reservation.counselor, starts_at=START, ends_at=START + timedelta(hours=2))


def in_the_background(act: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(LONG_ENOUGH_TO_NOTICE)
    return thread


def test_an_absence_ends_the_hold_on_its_time(held) -> None:
    save_absence(absence_of(held), by=None, now=NOW)

    held.refresh_from_db()
    assert held.status == ReservationStatus.EXPIRED


def test_who_was_typing_the_details_reads_that_the_time_is_taken(held) -> None:
    save_absence(absence_of(held), by=None, now=NOW)

    with pytest.raises(SlotTaken):
        reserve(held, details=DETAILS, now=NOW)


def test_an_absence_beside_the_hold_leaves_it(held) -> None:
    late = Absence(counselor=held.counselor, starts_at=held.ends_at, ends_at=held.ends_at + timedelta(hours=1))

    save_absence(late, by=None, now=NOW)

    assert reserve(held, details=DETAILS, now=NOW).status == ReservationStatus.CONFIRMED


def test_an_absence_waits_for_a_hold_that_is_being_made(frozen) -> None:
    service = bookable_service()
    seeker = SeekerFactory.create()
    with transaction.atomic():
        held = hold(service=service, starts_at=START, seeker=seeker, now=NOW)
        thread = in_the_background(lambda: save_absence(absence_of(held), by=None, now=NOW))
        assert thread.is_alive()
    thread.join()

    held.refresh_from_db()
    assert held.status == ReservationStatus.EXPIRED


def test_an_absence_sees_the_reservation_that_is_being_made(held) -> None:
    absence = absence_of(held)
    with transaction.atomic():
        reservation = reserve(held, details=DETAILS, now=NOW)
        thread = in_the_background(lambda: save_absence(absence, by=None, now=NOW))
        assert thread.is_alive()
    thread.join()

    assert hit_by_absence(absence, now=NOW) == [reservation]


def test_a_hold_waits_for_an_absence_that_is_being_entered(held) -> None:
    refusals: list[str] = []
    other = SeekerFactory.create()

    def try_to_hold() -> None:
        try:
            hold(service=held.service, starts_at=START, seeker=other, now=NOW)
        except SlotTaken as refusal:
            refusals.append(refusal.code)

    Reservation.objects.update(status=ReservationStatus.EXPIRED)
    with transaction.atomic():
        save_absence(absence_of(held), by=None, now=NOW)
        thread = in_the_background(try_to_hold)
        assert thread.is_alive()
    thread.join()

    assert refusals == ["slot_taken"]

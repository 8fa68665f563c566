"""A chosen time is held for ten minutes; a person has one hold; nobody gets a place that is taken."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from booking.enums import Action, ReservationStatus
from booking.errors import BookingError, SlotTaken
from booking.flows.hold import hold, release
from booking.flows.lapse import lapse
from booking.models import Reservation
from booking.periodic import release_expired_holds
from tests.factories import (
    NOW,
    AbsenceFactory,
    MeetingHostFactory,
    ReservationFactory,
    SeekerFactory,
    bookable_service,
    jst,
)

pytestmark = pytest.mark.django_db
TEN = jst(6, 2, 10)
MINUTE = timedelta(minutes=1)


def refusal(**arguments: object) -> str:
    with pytest.raises(BookingError) as refused:
        hold(**arguments)
    return refused.value.code


def test_a_hold_lasts_ten_minutes_and_leaves_an_event() -> None:
    service, seeker = bookable_service(), SeekerFactory.create()
    held = hold(service=service, starts_at=TEN, seeker=seeker, now=NOW)
    assert held.status == ReservationStatus.HELD
    assert held.hold_expires_at == NOW + 10 * MINUTE
    assert held.ends_at == TEN + 30 * MINUTE
    event = held.events.get()
    assert (event.action, event.actor, event.at, event.to_status) == (Action.HOLD, seeker, NOW, ReservationStatus.HELD)


def test_a_hold_never_outlasts_the_closing_of_the_booking() -> None:
    held = hold(service=bookable_service(), starts_at=TEN, seeker=SeekerFactory.create(), now=jst(6, 1, 23, 55))
    assert held.hold_expires_at == jst(6, 2, 0, 0)


def test_the_counselor_with_the_fewest_reservations_that_day_is_assigned() -> None:
    service = bookable_service(counselors=2)
    busy, idle = service.counselors.order_by("pk")
    ReservationFactory.create(service=service, counselor=busy, starts_at=jst(6, 2, 14))
    assert hold(service=service, starts_at=TEN, seeker=SeekerFactory.create(), now=NOW).counselor == idle


def test_the_chosen_counselor_is_assigned() -> None:
    service = bookable_service(counselors=2)
    busy = service.counselors.order_by("pk")[0]
    ReservationFactory.create(service=service, counselor=busy, starts_at=jst(6, 2, 14))
    held = hold(service=service, starts_at=TEN, seeker=SeekerFactory.create(), now=NOW, counselor=busy)
    assert held.counselor == busy
    assert held.counselor_was_chosen


def test_a_second_hold_gives_the_first_back() -> None:
    service, seeker = bookable_service(), SeekerFactory.create()
    first = hold(service=service, starts_at=TEN, seeker=seeker, now=NOW)
    second = hold(service=service, starts_at=TEN + 15 * MINUTE * 2, seeker=seeker, now=NOW + MINUTE)
    first.refresh_from_db()
    assert first.status == ReservationStatus.RELEASED
    assert second.status == ReservationStatus.HELD


def test_choosing_the_same_time_again_starts_the_ten_minutes_anew() -> None:
    service, seeker = bookable_service(), SeekerFactory.create()
    hold(service=service, starts_at=TEN, seeker=seeker, now=NOW)
    again = hold(service=service, starts_at=TEN, seeker=seeker, now=NOW + 5 * MINUTE)
    assert again.hold_expires_at == NOW + 15 * MINUTE
    assert Reservation.objects.holds().count() == 1


def test_a_lost_race_keeps_the_hold_one_has() -> None:
    service, seeker = bookable_service(), SeekerFactory.create()
    first = hold(service=service, starts_at=TEN, seeker=seeker, now=NOW)
    ReservationFactory.create(service=service, counselor=service.counselors.get(), starts_at=jst(6, 2, 11))
    with pytest.raises(SlotTaken):
        hold(service=service, starts_at=jst(6, 2, 11), seeker=seeker, now=NOW)
    first.refresh_from_db()
    assert first.status == ReservationStatus.HELD


def test_a_held_time_is_taken_for_others_until_its_end() -> None:
    service, seeker = bookable_service(), SeekerFactory.create()
    first = hold(service=service, starts_at=TEN, seeker=SeekerFactory.create(), now=NOW)
    just_before = NOW + 10 * MINUTE - timedelta(seconds=1)
    assert refusal(service=service, starts_at=TEN, seeker=seeker, now=just_before) == "slot_taken"
    assert hold(service=service, starts_at=TEN, seeker=seeker, now=NOW + 10 * MINUTE).status == ReservationStatus.HELD
    first.refresh_from_db()
    assert first.status == ReservationStatus.EXPIRED


@pytest.mark.parametrize(
    ("start", "now", "code"),
    [
        pytest.param(jst(6, 2, 10, 10), NOW, "slot_taken", id="a time off the grid"),
        pytest.param(jst(6, 2, 3), NOW, "slot_taken", id="a time outside the hours"),
        pytest.param(jst(6, 6, 10), NOW, "slot_taken", id="a day without hours"),
        pytest.param(jst(6, 2, 10), jst(6, 2, 0), "booking_closed", id="the same day"),
        pytest.param(jst(5, 29, 10), NOW, "booking_closed", id="a day in the past"),
        pytest.param(jst(7, 2, 10), NOW, "not_open_yet", id="more than a month ahead"),
    ],
)
def test_what_is_not_offered_cannot_be_held(start: object, now: object, code: str) -> None:
    assert refusal(service=bookable_service(), starts_at=start, seeker=SeekerFactory.create(), now=now) == code


def test_a_person_cannot_be_in_two_sessions_at_once() -> None:
    service, seeker = bookable_service(counselors=2), SeekerFactory.create()
    ReservationFactory.create(service=service, counselor=service.counselors.first(), seeker=seeker)
    assert refusal(service=service, starts_at=TEN, seeker=seeker, now=NOW) == "seeker_busy"


def test_an_absence_entered_meanwhile_is_seen_under_the_lock() -> None:
    service = bookable_service()
    AbsenceFactory.create(counselor=service.counselors.get(), starts_at=TEN, ends_at=jst(6, 2, 11))
    assert refusal(service=service, starts_at=TEN, seeker=SeekerFactory.create(), now=NOW) == "slot_taken"


@pytest.mark.parametrize("minutes", [0, 15, -15])
def test_the_database_refuses_a_second_reservation_of_a_counselor(minutes: int) -> None:
    service = bookable_service()
    counselor = service.counselors.get()
    ReservationFactory.create(service=service, counselor=counselor, starts_at=TEN)
    with pytest.raises(IntegrityError, match="counselor_not_double_booked"), transaction.atomic():
        ReservationFactory.create(service=service, counselor=counselor, starts_at=TEN + minutes * MINUTE)


def test_without_the_constraint_the_database_would_take_the_second_reservation() -> None:
    service = bookable_service()
    counselor = service.counselors.get()
    ReservationFactory.create(service=service, counselor=counselor, starts_at=TEN)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE booking_reservation DROP CONSTRAINT counselor_not_double_booked")
    another_host = MeetingHostFactory.create(office=service.office)  # that of the counselor would be taken twice, too
    ReservationFactory.create(service=service, counselor=counselor, starts_at=TEN, meeting_host=another_host)
    assert Reservation.objects.filter(counselor=counselor, starts_at=TEN).count() == 2


def test_sessions_that_touch_do_not_overlap() -> None:
    service = bookable_service()
    counselor = service.counselors.get()
    ReservationFactory.create(service=service, counselor=counselor, starts_at=TEN)
    ReservationFactory.create(service=service, counselor=counselor, starts_at=TEN + 30 * MINUTE)


def test_the_database_refuses_a_second_hold_of_a_seeker() -> None:
    service, seeker = bookable_service(counselors=2), SeekerFactory.create()
    first, second = service.counselors.all()
    end = NOW + 10 * MINUTE
    more = {"service": service, "seeker": seeker, "status": ReservationStatus.HELD, "hold_expires_at": end}
    ReservationFactory.create(counselor=first, **more)
    with pytest.raises(IntegrityError, match="one_hold_per_seeker"), transaction.atomic():
        ReservationFactory.create(counselor=second, starts_at=jst(6, 2, 15), **more)


def test_a_released_hold_is_free_again() -> None:
    service, seeker = bookable_service(), SeekerFactory.create()
    held = hold(service=service, starts_at=TEN, seeker=seeker, now=NOW)
    release(held, by=seeker, now=NOW)
    release(held, by=seeker, now=NOW)
    assert held.events.filter(action=Action.RELEASE).count() == 1
    assert hold(service=service, starts_at=TEN, seeker=SeekerFactory.create(), now=NOW)


@pytest.mark.parametrize(("seconds", "expires"), [(599, False), (600, True)])
def test_the_sweeper_ends_a_hold_when_its_ten_minutes_are_over(seconds: int, expires: bool) -> None:
    held = hold(service=bookable_service(), starts_at=TEN, seeker=SeekerFactory.create(), now=NOW)
    now = NOW + timedelta(seconds=seconds)
    assert lapse(held.pk, now=now) is expires
    assert lapse(held.pk, now=now) is False


def test_the_sweeper_finds_what_is_left(freeze: object) -> None:
    held = hold(service=bookable_service(), starts_at=TEN, seeker=SeekerFactory.create(), now=NOW)
    freeze(NOW + 11 * MINUTE)
    assert release_expired_holds() == 1
    held.refresh_from_db()
    assert held.status == ReservationStatus.EXPIRED

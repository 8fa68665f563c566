"""The seeker cancels until the service's cut-off; staff at any time with a reason; the seeker is told."""

from datetime import datetime, time, timedelta

import pytest

from booking.enums import CancelChannel, MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.leave import leave
from booking.models import Reservation
from mailing.models import OutgoingMail
from tests.booking.conftest import Reserve
from tests.factories import NOW, MembershipFactory, bookable_service, jst, slots_of

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def refusal(reservation: Reservation, *, now: datetime) -> str:
    with pytest.raises(BookingError) as refused:
        cancel_by_seeker(reservation, by=reservation.seeker, now=now)
    return refused.value.code


@pytest.mark.requirement("K-23")
def test_the_seeker_cancels_in_the_portal(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    cancelled = cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)
    assert cancelled.status == ReservationStatus.CANCELLED_BY_SEEKER
    assert cancelled.meetings.get().state == MeetingState.CLOSING
    assert cancelled.calendar_sequence == 1
    assert OutgoingMail.objects.filter(cause=str(reservation.uuid), kind="cancelled_by_seeker").exists()


def test_a_cancelled_place_is_free_again(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)
    starts = [slot.starts_at for slot in slots_of(reservation.service, now=NOW)]
    assert reservation.starts_at in starts


@pytest.mark.requirement("S-33", "S-34")
def test_after_the_cut_off_the_refusal_gives_the_phone_number(reserve_place: Reserve) -> None:
    service = bookable_service(cancel_closes_days_before=1, cancel_closes_at=time(17))
    reservation = reserve_place(service)
    with pytest.raises(BookingError, match=service.office.phone) as refused:
        cancel_by_seeker(reservation, by=reservation.seeker, now=jst(6, 1, 17))
    assert refused.value.code == "past_cancellation_deadline"
    just_in_time = cancel_by_seeker(reservation, by=reservation.seeker, now=jst(6, 1, 17) - SECOND)
    assert just_in_time.status == ReservationStatus.CANCELLED_BY_SEEKER


@pytest.mark.requirement("H-05", "H-26")
def test_a_service_that_cancels_by_phone_only_gives_the_phone_number(reserve_place: Reserve) -> None:
    reservation = reserve_place(bookable_service(cancel_channel=CancelChannel.PHONE))
    assert refusal(reservation, now=NOW) == "cancel_by_phone"


def test_a_cancelled_reservation_cannot_be_cancelled_again(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)
    assert refusal(reservation, now=NOW) == "wrong_status"


def test_staff_cancel_at_any_time_with_a_reason(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    staff = MembershipFactory.create(office=reservation.office).user
    late = reservation.starts_at + timedelta(minutes=5)
    cancelled = cancel_by_office(reservation, by=staff, reason="担当者が急病のため", now=late)
    assert cancelled.status == ReservationStatus.CANCELLED_BY_OFFICE
    event = cancelled.events.last()
    assert event is not None
    assert (event.actor, event.reason) == (staff, "担当者が急病のため")
    assert OutgoingMail.objects.filter(cause=str(reservation.uuid), kind="cancelled_by_office").exists()


def test_staff_must_give_a_reason(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    with pytest.raises(BookingError) as refused:
        cancel_by_office(reservation, by=None, reason="  ", now=NOW)
    assert refused.value.code == "reason_missing"


@pytest.mark.requirement("J-13")
def test_who_leaves_the_portal_frees_the_place_and_takes_the_personal_data_along(reserve_place: Reserve) -> None:
    reservation = reserve_place(bookable_service(cancel_channel=CancelChannel.PHONE))
    leave(reservation.seeker, now=NOW)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CANCELLED_BY_SEEKER
    assert (reservation.name, reservation.phone, reservation.phone_e164, reservation.topic) == ("", "", "", "")
    assert reservation.starts_at in [slot.starts_at for slot in slots_of(reservation.service, now=NOW)]

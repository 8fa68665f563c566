"""Another time for the same reservation: taken before the old one is given back, and never instead of it."""

from datetime import datetime, time, timedelta

import pytest
from icalendar import Calendar

from booking.enums import BookingWay, CancelChannel, MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows import move as move_flow
from booking.flows.move import move, move_by_office
from booking.invitations import calendar_file
from booking.models import Reservation, Service
from mailing.models import OutgoingMail
from tests.factories import NOW, AbsenceFactory, ReservationFactory, bookable_service, change_rules, jst, slots_of
from tests.moving.conftest import booked

pytestmark = pytest.mark.django_db
WEDNESDAY = jst(6, 3, 14)
SECOND = timedelta(seconds=1)


def moved(reservation: Reservation, to: datetime = WEDNESDAY, *, now: datetime = NOW, **more: object) -> Reservation:
    return move(reservation, starts_at=to, by=reservation.person, now=now, **more)


def refused(reservation: Reservation, to: datetime = WEDNESDAY, *, now: datetime = NOW, **more: object) -> str:
    """The code; and the reservation is as it was."""
    before = Reservation.objects.filter(pk=reservation.pk).values().get()
    with pytest.raises(BookingError) as refusal:
        moved(reservation, to, now=now, **more)
    assert Reservation.objects.filter(pk=reservation.pk).values().get() == before
    return refusal.value.code


class TestTheReservationStays:
    def test_number_and_event_stay_and_the_sequence_rises(self, reservation: Reservation) -> None:
        after = moved(reservation)
        assert (after.number, after.starts_at, after.ends_at) == (reservation.number, WEDNESDAY, jst(6, 3, 14, 30))
        event = Calendar.from_ical(calendar_file(after, method="REQUEST", now=NOW).content).walk("VEVENT")[0]
        first = Calendar.from_ical(calendar_file(reservation, method="REQUEST", now=NOW).content).walk("VEVENT")[0]
        assert event["UID"] == first["UID"]
        assert event["SEQUENCE"] == first["SEQUENCE"] + 1
        assert event["DTSTART"].dt == WEDNESDAY

    def test_the_old_time_is_free_again_and_the_new_one_taken(self, reservation: Reservation) -> None:
        counselor = reservation.counselor
        moved(reservation)
        starts = [slot.starts_at for slot in slots_of(reservation.service, now=NOW, counselor=counselor)]
        assert jst(6, 2, 10) in starts
        assert WEDNESDAY not in starts

    def test_the_move_is_in_the_history(self, reservation: Reservation) -> None:
        moved(reservation)
        event = reservation.events.get(action="move")
        assert (event.actor, event.to_status) == (reservation.seeker, ReservationStatus.CONFIRMED)

    def test_the_same_meeting_stays_with_the_same_host(self, reservation: Reservation) -> None:
        meeting = reservation.meetings.get()
        moved(reservation)
        after = reservation.meetings.get()
        assert (after.pk, after.state, after.starts_at) == (meeting.pk, MeetingState.CHANGING, WEDNESDAY)

    def test_another_counselor_brings_another_meeting(self, reservation: Reservation) -> None:
        other = reservation.service.counselors.order_by("pk")[1]
        after = moved(reservation, counselor=other)
        assert after.counselor == other
        old, new = reservation.meetings.order_by("pk")
        assert old.state == MeetingState.CLOSING
        assert (new.state, new.host, new.starts_at) == (MeetingState.REQUESTED, other.meeting_host_id, WEDNESDAY)

    def test_the_own_counselor_comes_first_although_the_other_has_less_to_do(self, reservation: Reservation) -> None:
        ReservationFactory.create(service=reservation.service, counselor=reservation.counselor, starts_at=jst(6, 3, 9))
        assert moved(reservation).counselor == reservation.counselor

    def test_a_time_that_overlaps_the_old_one_can_be_taken(self) -> None:
        """Its own row is not in its way."""
        service = bookable_service(step_minutes=15)
        reservation = booked(service)
        assert moved(reservation, jst(6, 2, 10, 15)).starts_at == jst(6, 2, 10, 15)


class TestTheMails:
    def test_the_new_time_is_told_once_with_its_reminders(self, reservation: Reservation) -> None:
        moved(reservation)
        mails = OutgoingMail.objects.about(str(reservation.uuid)).filter(occurrence="1")
        assert set(mails.values_list("kind", flat=True)) == {"moved", "reminder_day_before", "reminder_hour_before"}

    def test_with_another_host_the_new_link_follows(self, reservation: Reservation) -> None:
        moved(reservation, counselor=reservation.service.counselors.order_by("pk")[1])
        assert OutgoingMail.objects.about(str(reservation.uuid)).filter(kind="new_link").count() == 1


class TestTheRules:
    @pytest.mark.requirement("K-23")
    def test_until_the_cut_off_and_not_a_second_later(self) -> None:
        service = bookable_service(cancel_closes_days_before=1, cancel_closes_at=time(17))
        assert refused(booked(service), now=jst(6, 1, 17)) == "past_moving_deadline"
        assert moved(booked(service, starts_at=jst(6, 2, 11)), now=jst(6, 1, 17) - SECOND).starts_at == WEDNESDAY

    @pytest.mark.requirement("H-05", "H-26")
    def test_where_cancelling_is_by_phone_moving_is(self) -> None:
        reservation = booked(bookable_service(cancel_channel=CancelChannel.PHONE))
        assert refused(reservation) == "cancel_by_phone"

    @pytest.mark.requirement("S-26")
    def test_by_phone_or_mail_and_on_the_day_by_phone(self) -> None:
        reservation = booked(bookable_service(cancel_channel=CancelChannel.PHONE_OR_MAIL))
        assert refused(reservation, now=jst(6, 2) - SECOND) == "cancel_by_phone_or_mail"
        assert refused(reservation, now=jst(6, 2)) == "cancel_by_phone"

    @pytest.mark.parametrize("way", [BookingWay.ARRANGED, BookingWay.STAFF_ONLY])
    def test_where_people_choose_no_time_they_choose_no_other_one(self, way: BookingWay) -> None:
        assert refused(booked(bookable_service(way=way))) == "move_by_phone"

    @pytest.mark.requirement("K-14")
    def test_the_new_time_must_be_bookable_now(self, reservation: Reservation) -> None:
        assert refused(reservation, jst(6, 1, 14)) == "booking_closed"
        assert refused(reservation, jst(7, 2, 14)) == "not_open_yet"
        assert refused(reservation, jst(6, 3, 14, 10)) == "slot_taken"

    @pytest.mark.requirement("S-12")
    def test_the_reservation_does_not_count_against_its_own_limit(self) -> None:
        service = bookable_service(counselors=2, most_coming=1)
        assert moved(booked(service)).starts_at == WEDNESDAY

    @pytest.mark.requirement("S-12")
    def test_another_one_does(self) -> None:
        service = bookable_service(counselors=2, most_per_week=1)
        reservation = booked(service)
        booked(service, seeker=reservation.seeker, starts_at=jst(6, 10, 10))
        assert refused(reservation, jst(6, 11, 14)) == "too_many_in_week"
        assert moved(reservation, jst(6, 3, 14)).starts_at == WEDNESDAY

    def test_the_same_time_is_no_move(self, reservation: Reservation) -> None:
        assert refused(reservation, jst(6, 2, 10)) == "same_time"

    def test_at_the_same_time_one_may_change_to_another_counselor(self, reservation: Reservation) -> None:
        other = reservation.service.counselors.order_by("pk")[1]
        assert moved(reservation, jst(6, 2, 10), counselor=other).counselor == other

    def test_one_has_another_reservation_at_that_time(self, reservation: Reservation) -> None:
        booked(bookable_service(), seeker=reservation.seeker, starts_at=WEDNESDAY)
        assert refused(reservation) == "seeker_busy"

    @pytest.mark.parametrize(
        "status", [ReservationStatus.CANCELLED_BY_SEEKER, ReservationStatus.CHECKED_IN, ReservationStatus.NO_SHOW]
    )
    def test_only_what_is_confirmed_moves(self, service: Service, status: ReservationStatus) -> None:
        assert refused(booked(service, status=status)) == "wrong_status"

    def test_rules_of_the_day_of_moving_judge_the_new_time(self, reservation: Reservation) -> None:
        change_rules(reservation.service, closes_days_before=3)
        reservation = Reservation.objects.get(pk=reservation.pk)
        assert refused(reservation) == "booking_closed"


class TestALostRace:
    def test_the_old_time_stands_when_the_new_one_was_taken_meanwhile(self, reservation: Reservation) -> None:
        for counselor in reservation.service.counselors.all():
            ReservationFactory.create(service=reservation.service, counselor=counselor, starts_at=WEDNESDAY)
        assert refused(reservation) == "slot_taken"
        assert reservation.meetings.get().state == MeetingState.OPEN

    def test_an_absence_entered_between_the_look_and_the_lock_is_seen(
        self, reservation: Reservation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The look finds the time free; under the counselor's lock it is asked again."""
        look = move_flow.slot_at

        def look_then_absent(search: object, starts_at: datetime) -> object:
            slot = look(search, starts_at)
            for counselor in reservation.service.counselors.all():
                AbsenceFactory.create(counselor=counselor, starts_at=jst(6, 3, 13), ends_at=jst(6, 3, 16))
            return slot

        monkeypatch.setattr(move_flow, "slot_at", look_then_absent)
        assert refused(reservation) == "slot_taken"


class TestTheOffice:
    def slot(self, reservation: Reservation, start: datetime, *, counselor: object = None) -> move_flow.Slot:
        return move_flow.Slot(start, start + timedelta(minutes=30), ((counselor or reservation.counselor).pk,))

    def by_office(
        self, reservation: Reservation, start: datetime, *, reason: str = "担当者の研修のため"
    ) -> Reservation:
        staff = reservation.counselor.membership.user
        slot = self.slot(reservation, start)
        return move_by_office(reservation, slot=slot, by=staff, reason=reason, now=NOW)

    def test_staff_move_past_the_rules_with_a_reason_that_the_person_reads(self, reservation: Reservation) -> None:
        """The same evening, which nobody could book."""
        after = self.by_office(reservation, jst(6, 1, 18))
        assert after.starts_at == jst(6, 1, 18)
        assert after.events.get(action="move").reason == "担当者の研修のため"
        assert OutgoingMail.objects.get(kind="moved").context["reason"] == "担当者の研修のため"

    def test_without_a_reason_nothing_moves(self, reservation: Reservation) -> None:
        with pytest.raises(BookingError) as refusal:
            self.by_office(reservation, WEDNESDAY, reason="  ")
        assert refusal.value.code == "reason_missing"

    def test_nobody_is_moved_into_the_past(self, reservation: Reservation) -> None:
        with pytest.raises(BookingError) as refusal:
            self.by_office(reservation, NOW - timedelta(minutes=1))
        assert refusal.value.code == "time_is_past"
        assert self.by_office(reservation, NOW).starts_at == NOW

    def test_the_constraint_refuses_staff_too(self, reservation: Reservation) -> None:
        ReservationFactory.create(service=reservation.service, counselor=reservation.counselor, starts_at=WEDNESDAY)
        with pytest.raises(BookingError) as refusal:
            self.by_office(reservation, WEDNESDAY)
        assert refusal.value.code == "slot_taken"
        reservation.refresh_from_db()
        assert reservation.starts_at == jst(6, 2, 10)

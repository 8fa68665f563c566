"""The meeting stays while its host can; otherwise there is a new one, and a message about it."""

from datetime import timedelta
from typing import Any

import pytest

from booking.availability import Slot
from booking.enums import MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows.move import move, move_by_office
from booking.flows.no_show import undo_no_show
from booking.models import Counselor, MeetingHost, OnlineMeeting, Reservation, Service
from mailing.models import OutgoingMail
from tests.factories import NOW, CounselorFactory, ReservationFactory, jst
from tests.hosts.conftest import TEN, in_use, pool, sharing

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)
WEDNESDAY = jst(6, 3, 14)


def confirmed(service: Service, counselor: Counselor, host: MeetingHost, **fields: Any) -> Reservation:
    """With an open meeting."""
    fields = {"meeting_host": host, "host_until": TEN + HALF + host.buffer, **fields}
    reservation = ReservationFactory.create(service=service, counselor=counselor, **fields)
    meeting = OnlineMeeting.objects.request_for(reservation, now=NOW)
    meeting.state, meeting.meeting_id = MeetingState.OPEN, "12345678901"
    meeting.save(update_fields=["state", "meeting_id"])
    return reservation


def to(reservation: Reservation, counselor: Counselor, *, starts_at: Any = TEN) -> Reservation:
    """By staff, to that counselor."""
    slot = Slot(starts_at, starts_at + HALF, (counselor.pk,))
    return move_by_office(reservation, slot=slot, by=None, reason="担当者の変更", now=NOW)


def states(reservation: Reservation) -> list[tuple[str, str]]:
    return list(reservation.meetings.order_by("pk").values_list("state", "host"))


def new_links(reservation: Reservation) -> int:
    return OutgoingMail.objects.about(str(reservation.uuid)).filter(kind="new_link").count()


class TestTheMeetingStays:
    def test_when_the_new_counselor_shares_the_pool(self, service: Service) -> None:
        one, other = sharing(service, counselors=2)
        pool(service, "a@zoom.example", "b@zoom.example")
        reservation = confirmed(service, one, MeetingHost.objects.get(pk="b@zoom.example"))
        moved = to(reservation, other)
        assert (moved.counselor, moved.meeting_host_id) == (other, "b@zoom.example")
        assert [state for state, _host in states(reservation)] == [MeetingState.CHANGING]
        assert new_links(reservation) == 0

    def test_at_another_time_at_which_the_host_is_free(self, service: Service) -> None:
        [counselor] = sharing(service)
        pool(service, "a@zoom.example")
        [host] = pool(service, "b@zoom.example", buffer_minutes=5)
        reservation = confirmed(service, counselor, host)
        moved = move(reservation, starts_at=WEDNESDAY, by=reservation.seeker, now=NOW)
        assert (moved.meeting_host, moved.host_until) == (host, WEDNESDAY + HALF + host.buffer)
        assert new_links(reservation) == 0

    def test_at_a_time_that_overlaps_the_old_one(self, service: Service) -> None:
        [counselor] = sharing(service)
        [host] = pool(service, "a@zoom.example", buffer_minutes=20)
        reservation = confirmed(service, counselor, host)
        assert to(reservation, counselor, starts_at=TEN + HALF).meeting_host == host


class TestAnotherMeeting:
    def test_when_the_host_is_in_use_at_the_new_time(self, service: Service) -> None:
        [counselor] = sharing(service)
        first, second = pool(service, "a@zoom.example", "b@zoom.example")
        in_use(first, service, starts_at=WEDNESDAY)
        reservation = confirmed(service, counselor, first)
        moved = move(reservation, starts_at=WEDNESDAY, by=reservation.seeker, now=NOW)
        assert moved.meeting_host == second
        assert states(reservation) == [
            (MeetingState.CLOSING, "a@zoom.example"),
            (MeetingState.REQUESTED, "b@zoom.example"),
        ]
        assert new_links(reservation) == 1

    def test_when_the_new_counselor_has_an_own_host(self, service: Service) -> None:
        [one] = sharing(service)
        other = CounselorFactory.create(office=service.office, services=[service])
        [host] = pool(service, "a@zoom.example")
        reservation = confirmed(service, one, host)
        assert to(reservation, other).meeting_host == other.meeting_host
        assert new_links(reservation) == 1

    def test_when_it_comes_from_a_counselor_with_an_own_host(self, service: Service) -> None:
        one = CounselorFactory.create(office=service.office, services=[service])
        [other] = sharing(service)
        [host] = pool(service, "a@zoom.example")
        reservation = confirmed(service, one, one.meeting_host)
        assert to(reservation, other).meeting_host == host
        assert [state for state, _host in states(reservation)] == [MeetingState.CLOSING, MeetingState.REQUESTED]

    def test_when_the_host_was_switched_off(self, service: Service) -> None:
        [counselor] = sharing(service)
        first, second = pool(service, "a@zoom.example", "b@zoom.example")
        reservation = confirmed(service, counselor, first)
        MeetingHost.objects.filter(pk=first.pk).update(is_active=False)
        assert move(reservation, starts_at=WEDNESDAY, by=reservation.seeker, now=NOW).meeting_host == second


class TestNoHost:
    def test_staff_are_refused_and_everything_stays(self, service: Service) -> None:
        [counselor] = sharing(service)
        [host] = pool(service, "a@zoom.example")
        in_use(host, service, starts_at=WEDNESDAY)
        reservation = confirmed(service, counselor, host)
        with pytest.raises(BookingError) as refused:
            to(reservation, counselor, starts_at=WEDNESDAY)
        assert refused.value.code == "no_host_free"
        reservation.refresh_from_db()
        assert (reservation.starts_at, reservation.meeting_host) == (TEN, host)
        assert [state for state, _host in states(reservation)] == [MeetingState.OPEN]


class TestUndoneNoShow:
    LATER = TEN + timedelta(minutes=12)

    def absent(self, service: Service, host: MeetingHost) -> Reservation:
        [counselor] = sharing(service)
        return ReservationFactory.create(
            service=service,
            counselor=counselor,
            status=ReservationStatus.NO_SHOW,
            meeting_host=host,
            host_until=TEN + HALF + host.buffer,
        )

    def test_the_host_is_the_same_while_nobody_took_it(self, service: Service) -> None:
        _first, second = pool(service, "a@zoom.example", "b@zoom.example")
        reservation = undo_no_show(self.absent(service, second), by=None, reason="来ていた", now=self.LATER)
        assert reservation.meeting_host == second
        assert reservation.meetings.get().host == second.pk

    def test_another_one_when_it_was_taken_meanwhile(self, service: Service) -> None:
        first, second = pool(service, "a@zoom.example", "b@zoom.example")
        absent = self.absent(service, first)
        in_use(first, service)
        assert undo_no_show(absent, by=None, reason="来ていた", now=self.LATER).meeting_host == second

    def test_without_a_free_one_it_is_refused(self, service: Service) -> None:
        [host] = pool(service, "a@zoom.example")
        absent = self.absent(service, host)
        in_use(host, service)
        with pytest.raises(BookingError) as refused:
            undo_no_show(absent, by=None, reason="来ていた", now=self.LATER)
        assert refused.value.code == "no_host_free"
        absent.refresh_from_db()
        assert absent.status == ReservationStatus.NO_SHOW

    def test_after_its_end_it_needs_none(self, service: Service) -> None:
        [host] = pool(service, "a@zoom.example")
        absent = self.absent(service, host)
        in_use(host, service)
        undone = undo_no_show(absent, by=None, reason="来ていた", now=TEN + HALF)
        assert (undone.status, undone.meeting_host) == (ReservationStatus.CONFIRMED, None)

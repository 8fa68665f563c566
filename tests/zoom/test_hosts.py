"""The ledger of Zoom's calls per host and day, and the meeting that goes to another host."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from booking.effects.change_meeting import change_meeting
from booking.effects.open_meeting import open_meeting
from booking.effects.quota import counted
from booking.enums import MeetingState
from booking.meetings.errors import OutOfOrder
from booking.models import HostCalls, MeetingHost, OnlineMeeting, Reservation
from booking.models.host import MOST_CALLS_A_DAY, day_of_zoom
from tests.factories import CounselorFactory, MeetingHostFactory, ReservationFactory
from tests.zoom.stand_in import CREATE

pytestmark = pytest.mark.django_db
LIST = "^GET /v2/users/.*/meetings"


@pytest.fixture
def other(meeting) -> MeetingHost:
    """A free host of the pool of the office."""
    return MeetingHostFactory.create(address="pool@zoom.example", office=meeting.reservation.office)


def calls(address, now):
    return sum(HostCalls.objects.filter(host=address, day=day_of_zoom(now)).values_list("count", flat=True))


def use_up(address, now):
    HostCalls.objects.update_or_create(host_id=address, day=day_of_zoom(now), defaults={"count": MOST_CALLS_A_DAY})


def hosts_of(meeting):
    """Of the meeting and of its reservation: never different."""
    meeting.refresh_from_db()
    reservation = Reservation.objects.get(pk=meeting.reservation_id)
    assert reservation.meeting_host_id == meeting.host
    return meeting.host


class TestLedger:
    def test_a_created_meeting_is_one_call(self, meeting, zoom_stand_in, now):
        open_meeting(meeting.pk, now=now)
        assert calls(meeting.host, now) == 1

    def test_a_changed_one_is_another(self, opened, zoom_stand_in, now):
        opened.state, opened.starts_at = MeetingState.CHANGING, opened.starts_at + timedelta(hours=1)
        opened.ends_at += timedelta(hours=1)
        opened.save(update_fields=["state", "starts_at", "ends_at"])
        change_meeting(opened.pk, now=now)
        assert calls(opened.host, now) == 2

    def test_it_is_counted_before_the_call_goes_out(self, meeting, zoom_stand_in, now, monkeypatch):
        seen = []
        create = zoom_stand_in.app.book.create

        def look_and_create(*arguments, **named):
            seen.append(True)
            return create(*arguments, **named)

        monkeypatch.setattr(zoom_stand_in.app.book, "create", look_and_create)
        zoom_stand_in.goes_wrong("server_error", on=CREATE)
        open_meeting(meeting.pk, now=now)
        assert (seen, calls(meeting.host, now)) == ([], 1)

    def test_what_the_circuit_breaker_kept_back_does_not_count(self, meeting, now):
        with pytest.raises(OutOfOrder), counted(meeting.host, now=now):
            raise OutOfOrder("x", at=now)
        assert calls(meeting.host, now) == 0

    @pytest.mark.parametrize("fault", ["dropped", "bad_gateway"])
    def test_what_zoom_never_answered_does_not_count(self, opened, zoom_stand_in, now, fault):
        opened.state, opened.next_attempt_at = MeetingState.CHANGING, now
        opened.save(update_fields=["state", "next_attempt_at"])
        zoom_stand_in.goes_wrong(fault, on="^PATCH")
        change_meeting(opened.pk, now=now)
        assert calls(opened.host, now) == 1

    def test_a_meeting_that_may_have_been_made_counts(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
        open_meeting(meeting.pk, now=now)
        assert calls(meeting.host, now) == 1

    def test_the_day_is_that_of_zoom(self, meeting, now):
        """It begins at 9:00 in Japan."""
        before_nine, nine = now.replace(hour=8, minute=59), now.replace(hour=9)
        for moment in (before_nine, nine):
            with counted(meeting.host, now=moment):
                pass
        assert sorted(HostCalls.objects.values_list("day", "count")) == [
            (before_nine.date() - timedelta(days=1), 1),
            (nine.date(), 1),
        ]

    def test_when_zoom_says_that_the_host_is_used_up_it_is_believed(self, meeting, zoom_stand_in, now):
        host = meeting.host
        zoom_stand_in.goes_wrong("host_daily", on=CREATE)
        open_meeting(meeting.pk, now=now)
        assert calls(host, now) == MOST_CALLS_A_DAY

    @pytest.mark.django_db(transaction=True)
    def test_twenty_workers_count_twenty(self, meeting, now):
        def count():
            try:
                with counted(meeting.host, now=now):
                    pass
            finally:
                connection.close()

        workers = [threading.Thread(target=count) for _worker in range(20)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert calls(meeting.host, now) == 20


class TestAnotherHost:
    def test_out_of_calls_before_zoom_is_asked(self, meeting, other, zoom_stand_in, now):
        use_up(meeting.host, now)
        open_meeting(meeting.pk, now=now)
        assert hosts_of(meeting) == other.pk
        assert [made["host_email"] for made in zoom_stand_in.meetings] == [other.pk]

    def test_switched_off(self, meeting, other, zoom_stand_in, now):
        MeetingHost.objects.filter(pk=meeting.host).update(is_active=False)
        open_meeting(meeting.pk, now=now)
        assert hosts_of(meeting) == other.pk
        assert meeting.state == MeetingState.OPEN

    @pytest.mark.parametrize("fault", ["user_unknown", "not_licensed", "host_daily"])
    def test_refused_by_zoom_it_is_tried_soon_with_another(self, meeting, other, zoom_stand_in, now, fault):
        zoom_stand_in.goes_wrong(fault, on=CREATE)
        open_meeting(meeting.pk, now=now)
        assert hosts_of(meeting) == other.pk
        assert meeting.error
        assert meeting.next_attempt_at <= now + timedelta(seconds=30)
        open_meeting(meeting.pk, now=now + timedelta(seconds=30))
        meeting.refresh_from_db()
        assert (meeting.state, meeting.error) == (MeetingState.OPEN, "")

    def test_the_buffer_of_the_new_host_is_kept(self, meeting, other, zoom_stand_in, now):
        MeetingHost.objects.filter(pk=other.pk).update(buffer_minutes=10)
        use_up(meeting.host, now)
        open_meeting(meeting.pk, now=now)
        reservation = Reservation.objects.get(pk=meeting.reservation_id)
        assert reservation.host_until == reservation.ends_at + timedelta(minutes=10)

    def test_a_day_limit_of_the_whole_account_is_no_reason_to_change(self, meeting, other, zoom_stand_in, now):
        before = meeting.host
        zoom_stand_in.goes_wrong("daily_bare", on=CREATE)
        open_meeting(meeting.pk, now=now)
        assert hosts_of(meeting) == before

    def test_one_that_is_in_use_then_is_not_taken(self, meeting, other, zoom_stand_in, now):
        before = meeting.host
        reservation = meeting.reservation
        counselor = CounselorFactory.create(office=reservation.office, meeting_host=None)
        ReservationFactory.create(
            service=reservation.service, counselor=counselor, meeting_host=other, host_until=reservation.ends_at
        )
        use_up(before, now)
        open_meeting(meeting.pk, now=now)
        assert hosts_of(meeting) == before

    def test_without_a_free_one_it_waits_until_nine(self, meeting, zoom_stand_in, now):
        use_up(meeting.host, now)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.REQUESTED
        assert meeting.next_attempt_at == now.replace(day=2, hour=9)
        assert zoom_stand_in.app.calls == []
        open_meeting(meeting.pk, now=meeting.next_attempt_at)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.OPEN

    def test_all_out_of_calls_is_no_reason_to_change_either(self, meeting, other, zoom_stand_in, now):
        before = meeting.host
        use_up(before, now)
        use_up(other.pk, now)
        open_meeting(meeting.pk, now=now)
        assert hosts_of(meeting) == before


class TestUnknown:
    @pytest.fixture
    def unknown(self, meeting, other, zoom_stand_in, now) -> OnlineMeeting:
        """The answer was lost; Zoom has the meeting."""
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.UNKNOWN
        return meeting

    def test_it_never_changes_host(self, unknown, zoom_stand_in, now):
        before = unknown.host
        use_up(before, now)
        MeetingHost.objects.filter(pk=before).update(is_active=False)
        open_meeting(unknown.pk, now=unknown.next_attempt_at)
        unknown.refresh_from_db()
        assert (unknown.state, unknown.host) == (MeetingState.OPEN, before)
        assert len(zoom_stand_in.meetings) == 1

    @pytest.mark.parametrize("fault", ["per_second", "server_error", "user_unknown"])
    def test_it_stays_unknown_while_nobody_could_look(self, unknown, zoom_stand_in, now, fault):
        """Otherwise the next attempt might ask another host, and there would be two meetings."""
        before = unknown.host
        zoom_stand_in.goes_wrong(fault, on=LIST)
        open_meeting(unknown.pk, now=unknown.next_attempt_at)
        unknown.refresh_from_db()
        assert (unknown.state, unknown.host) == (MeetingState.UNKNOWN, before)
        MeetingHost.objects.filter(pk=before).update(is_active=False)
        open_meeting(unknown.pk, now=unknown.next_attempt_at)
        unknown.refresh_from_db()
        assert (unknown.state, unknown.host) == (MeetingState.OPEN, before)
        assert len(zoom_stand_in.meetings) == 1

"""A reservation is moved and its host stays: the meeting is the same one at another time, whatever happens on the way."""

from datetime import timedelta

import pytest
from django.db import transaction

from booking import tasks
from booking.agenda import entries_of
from booking.effects.change_meeting import change_meeting
from booking.effects.close_meeting import close_meeting
from booking.effects.host_link import host_url
from booking.effects.leases import LEASE, UNTIL_SOMEBODY_ACTED
from booking.effects.open_meeting import open_meeting
from booking.enums import MeetingState
from booking.flows.online_meeting import move_meeting
from booking.models import OnlineMeeting
from booking.retention import purge_meeting_links
from mailing.models import OutgoingMail
from tests.factories import CounselorFactory
from tests.zoom.moves import THURSDAY, THURSDAY_TEXT, WEDNESDAY, WEDNESDAY_TEXT, cancelled, moved, times
from tests.zoom.stand_in import CHANGE, CREATE

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _zoom(zoom_stand_in):
    return zoom_stand_in


class TestKept:
    def test_number_link_and_passcode_stay_and_the_time_is_the_new_one(self, opened, zoom_stand_in, now):
        kept = (opened.meeting_id, opened.join_url, opened.passcode, opened.ref)
        change_meeting(moved(opened, now=now, minutes=45).pk, now=now)
        opened.refresh_from_db()
        assert (opened.meeting_id, opened.join_url, opened.passcode, opened.ref) == kept
        assert (opened.state, opened.error, opened.leased_until) == (MeetingState.OPEN, "", None)
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 45)]
        assert [str(meeting["id"]) for meeting in zoom_stand_in.meetings] == [opened.meeting_id]

    def test_zoom_is_told_once_however_often_the_task_runs(self, opened, zoom_stand_in, now):
        moved(opened, now=now)
        change_meeting(opened.pk, now=now)
        change_meeting(opened.pk, now=now + MINUTE)
        assert zoom_stand_in.calls("PATCH") == 1

    def test_moved_twice_before_the_worker_came_only_the_last_time_is_sent(self, opened, zoom_stand_in, now):
        moved(opened, now=now, to=WEDNESDAY)
        moved(opened, now=now, to=THURSDAY)
        change_meeting(opened.pk, now=now)
        assert (times(zoom_stand_in), zoom_stand_in.calls("PATCH")) == ([(THURSDAY_TEXT, 30)], 1)

    def test_a_meeting_that_was_not_moved_is_left_alone(self, opened, zoom_stand_in, now):
        change_meeting(opened.pk, now=now)
        assert zoom_stand_in.calls("PATCH") == 0

    def test_mails_that_wait_are_woken(self, opened, now):
        moved(opened, now=now)
        waiting = OutgoingMail.objects.create(
            kind="reservation_confirmed",
            cause=str(opened.reservation.uuid),
            to="seeker@mail.example",
            due_at=now + 15 * MINUTE,
            is_waiting=True,
        )
        change_meeting(opened.pk, now=now)
        waiting.refresh_from_db()
        assert waiting.due_at == now

    def test_what_the_account_overrides_is_still_shown_to_staff(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("settings_locked", on=CREATE)
        open_meeting(meeting.pk, now=now)
        change_meeting(moved(meeting, now=now).pk, now=now)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.OPEN
        assert "auto_recording" in meeting.error

    def test_a_time_that_zoom_passed_over_is_shown_to_staff_and_asked_for_again(self, opened, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("change_ignored", on=CHANGE)
        change_meeting(moved(opened, now=now).pk, now=now)
        opened.refresh_from_db()
        assert opened.state == MeetingState.CHANGING
        assert "start_time" in opened.error
        assert times(zoom_stand_in) != [(WEDNESDAY_TEXT, 30)]
        change_meeting(opened.pk, now=opened.next_attempt_at)
        opened.refresh_from_db()
        assert (opened.state, opened.error) == (MeetingState.OPEN, "")
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 30)]

    def test_what_zoom_keeps_passing_over_does_not_use_up_the_calls_of_its_host(self, opened, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("change_ignored", on=CHANGE)
        change_meeting(moved(opened, now=now).pk, now=now)
        opened.refresh_from_db()
        assert opened.next_attempt_at - now == UNTIL_SOMEBODY_ACTED


class TestWhileItWaits:
    """The meeting exists: nobody is kept out because Zoom has not heard of the new time."""

    @pytest.fixture
    def waiting(self, opened, now) -> OnlineMeeting:
        return moved(opened, now=now)

    def test_it_can_be_entered(self, waiting):
        assert waiting.state == MeetingState.CHANGING
        assert OnlineMeeting.objects.open_of(waiting.reservation) == waiting

    def test_the_counselor_gets_in_as_host(self, waiting):
        assert f"/s/{waiting.meeting_id}?zak=" in host_url(waiting)

    def test_staff_are_not_told_that_it_is_late(self, waiting, now):
        [entry] = entries_of([waiting.reservation], now=now + timedelta(days=1))
        assert entry.has_open_meeting
        assert not entry.meeting_is_late

    def test_link_and_passcode_go_a_day_after_the_session_all_the_same(self, waiting):
        purge_meeting_links(WEDNESDAY + timedelta(days=3))
        waiting.refresh_from_db()
        assert (waiting.state, waiting.join_url, waiting.passcode) == (MeetingState.CLOSED, "", "")

    def test_a_second_live_row_is_not_written(self, waiting, now):
        assert list(OnlineMeeting.objects.live()) == [waiting]


class TestFailures:
    @pytest.mark.parametrize(
        ("fault", "least", "most"),
        [
            ("per_second", MINUTE / 2, MINUTE),
            ("conflict", MINUTE / 2, MINUTE),
            ("server_error", MINUTE / 2, MINUTE),
            ("bad_gateway", MINUTE / 2, MINUTE),
            ("dropped", MINUTE / 2, MINUTE),
            ("answer_lost", MINUTE / 2, MINUTE),
            ("bad_gateway_after", MINUTE / 2, MINUTE),
            ("edge_not_found", MINUTE / 2, MINUTE),
            ("missing_scope", HOUR, HOUR),
            ("invalid", HOUR, HOUR),
            ("not_licensed", HOUR / 4, HOUR / 4),
            ("host_daily", HOUR * 23, HOUR * 23),
        ],
    )
    def test_each_has_its_pause_and_is_tried_again(self, opened, zoom_stand_in, now, fault, least, most):
        """The second attempt for this row, so the pause that doubles is at most a minute."""
        zoom_stand_in.goes_wrong(fault, on=CHANGE)
        change_meeting(moved(opened, now=now).pk, now=now)
        opened.refresh_from_db()
        assert (opened.state, opened.leased_until) == (MeetingState.CHANGING, None)
        assert now + least <= opened.next_attempt_at <= now + most
        assert opened.error
        change_meeting(opened.pk, now=opened.next_attempt_at - SECOND)
        assert zoom_stand_in.calls("PATCH") == 1
        change_meeting(opened.pk, now=opened.next_attempt_at)
        opened.refresh_from_db()
        assert (opened.state, opened.error) == (MeetingState.OPEN, "")
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 30)]

    def test_an_answer_that_takes_too_long_is_tried_again(self, opened, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("slow", on=CHANGE, seconds=1.5)
        change_meeting(moved(opened, now=now).pk, now=now)
        opened.refresh_from_db()
        assert opened.state == MeetingState.CHANGING
        change_meeting(opened.pk, now=opened.next_attempt_at)
        opened.refresh_from_db()
        assert opened.state == MeetingState.OPEN

    def test_a_worker_that_died_is_followed_when_its_claim_is_over(self, opened, zoom_stand_in, now, monkeypatch):
        moved(opened, now=now)
        with monkeypatch.context() as patch:
            patch.setattr("booking.meetings.zoom.provider._created", _die)
            with pytest.raises(SystemError):
                change_meeting(opened.pk, now=now)
        change_meeting(opened.pk, now=now + LEASE - SECOND)
        opened.refresh_from_db()
        assert opened.state == MeetingState.CHANGING
        change_meeting(opened.pk, now=now + LEASE)
        opened.refresh_from_db()
        assert opened.state == MeetingState.OPEN


def _die(*_arguments, **_named):
    raise SystemError("killed between Zoom's answer and the commit")


class TestGone:
    """Somebody deleted the meeting in Zoom."""

    def test_a_new_one_is_asked_for_and_its_link_told(self, opened, zoom_stand_in, now):
        zoom_stand_in.app.book.clear()
        change_meeting(moved(opened, now=now, minutes=45).pk, now=now)
        opened.refresh_from_db()
        new = OnlineMeeting.objects.live().get()
        assert opened.state == MeetingState.CLOSED
        assert (new.state, new.reservation) == (MeetingState.REQUESTED, opened.reservation)
        assert (new.starts_at, new.minutes) == (WEDNESDAY, 45)
        assert OutgoingMail.objects.get(kind="new_link").occurrence == f"meeting {new.pk}"
        assert new in OnlineMeeting.objects.left_behind(now)
        open_meeting(new.pk, now=now)
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 45)]

    def test_html_from_the_edge_does_not_say_that_it_is_gone(self, opened, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("edge_not_found", on=CHANGE)
        change_meeting(moved(opened, now=now).pk, now=now)
        assert OnlineMeeting.objects.get().state == MeetingState.CHANGING

    def test_no_new_one_for_a_session_that_was_cancelled(self, opened, zoom_stand_in, now):
        moved(opened, now=now)
        zoom_stand_in.app.book.clear()
        cancelled(opened, now=now)
        change_meeting(opened.pk, now=now)
        close_meeting(opened.pk, now=now)
        assert OnlineMeeting.objects.get().state == MeetingState.CLOSED


class TestClock:
    def test_a_session_that_has_begun_gets_the_rest_of_its_time(self, opened, zoom_stand_in, now, freeze):
        moved(opened, now=now)
        begun = freeze(WEDNESDAY + 5 * MINUTE)
        change_meeting(opened.pk, now=begun)
        assert times(zoom_stand_in) == [("2026-06-03T05:06:00Z", 24)]

    def test_a_session_that_is_over_needs_no_change(self, opened, zoom_stand_in, now, freeze):
        moved(opened, now=now)
        change_meeting(opened.pk, now=freeze(WEDNESDAY + 29 * MINUTE))
        opened.refresh_from_db()
        assert opened.state == MeetingState.OPEN
        assert zoom_stand_in.calls("PATCH") == 0

    def test_one_second_earlier_it_still_does(self, opened, zoom_stand_in, now, freeze):
        moved(opened, now=now)
        change_meeting(opened.pk, now=freeze(WEDNESDAY + 29 * MINUTE - SECOND))
        assert times(zoom_stand_in) == [("2026-06-03T05:29:59Z", 1)]


class TestNotYetOpen:
    def test_a_meeting_not_yet_asked_for_is_made_for_the_new_time(self, meeting, zoom_stand_in, now):
        open_meeting(moved(meeting, now=now, minutes=45).pk, now=now)
        assert (times(zoom_stand_in), zoom_stand_in.calls("PATCH")) == ([(WEDNESDAY_TEXT, 45)], 0)

    def test_one_whose_answer_was_lost_is_adopted_and_changed(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
        open_meeting(meeting.pk, now=now)
        moved(meeting, now=now)
        open_meeting(meeting.pk, now=meeting.next_attempt_at)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.OPEN
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 30)]

    def test_a_move_does_not_shorten_the_pause_after_a_lost_answer(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        due = meeting.next_attempt_at
        assert due > now
        assert moved(meeting, now=now).next_attempt_at == due

    def test_one_that_came_too_late_gets_another_chance(self, meeting, zoom_stand_in, now, freeze):
        late = freeze(meeting.starts_at + 29 * MINUTE)
        open_meeting(meeting.pk, now=late)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.FAILED
        open_meeting(moved(meeting, now=late).pk, now=late)
        meeting.refresh_from_db()
        assert (meeting.state, meeting.error) == (MeetingState.OPEN, "")
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 30)]


class TestAnotherHost:
    def test_the_meeting_is_replaced(self, opened, zoom_stand_in, now):
        reservation = opened.reservation
        reservation.counselor = CounselorFactory.create(office=reservation.office, services=[reservation.service])
        reservation.starts_at, reservation.ends_at = WEDNESDAY, WEDNESDAY + 30 * MINUTE
        reservation.meeting_host, reservation.host_until = reservation.counselor.meeting_host, reservation.ends_at
        reservation.save()
        with transaction.atomic():
            move_meeting(reservation, now=now, host_stays=False)
        opened.refresh_from_db()
        new = OnlineMeeting.objects.live().get()
        assert opened.state == MeetingState.CLOSING
        assert (new.host, new.starts_at) == (reservation.counselor.meeting_host_id, WEDNESDAY)
        close_meeting(opened.pk, now=now)
        open_meeting(new.pk, now=now)
        [made] = zoom_stand_in.meetings
        assert (made["host_email"], made["start_time"]) == (reservation.counselor.meeting_host_id, WEDNESDAY_TEXT)


class TestWorkerIsCalled:
    @pytest.fixture
    def called(self, monkeypatch):
        """Which task would go to the broker."""
        calls = []
        for name in ("open_meeting", "change_meeting", "close_meeting"):
            task = getattr(tasks, name)
            monkeypatch.setattr(task, "apply_async", lambda _arguments, name=name, **_named: calls.append(name))
        return calls

    def test_to_change_an_open_meeting(self, opened, now, called, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            moved(opened, now=now)
        assert called == ["change_meeting"]

    def test_not_for_one_that_waits_for_its_turn(self, meeting, now, called, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            moved(meeting, now=now)
        assert called == []

    def test_to_open_one_that_came_too_late(self, meeting, now, called, django_capture_on_commit_callbacks):
        OnlineMeeting.objects.update(state=MeetingState.FAILED)
        with django_capture_on_commit_callbacks(execute=True):
            moved(meeting, now=now)
        assert called == ["open_meeting"]

    def test_the_task_tells_zoom(self, opened, zoom_stand_in, now):
        tasks.change_meeting(moved(opened, now=now).pk)
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 30)]

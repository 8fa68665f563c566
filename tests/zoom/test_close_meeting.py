"""After a cancellation nobody can enter the meeting any more."""

from datetime import timedelta

import pytest

from booking import tasks
from booking.effects.close_meeting import close_meeting
from booking.effects.host_link import host_url
from booking.effects.leases import LEASE
from booking.effects.open_meeting import open_meeting
from booking.enums import MeetingState
from booking.errors import BookingError
from booking.models import OnlineMeeting
from booking.periodic import wake_up_meetings
from tests.zoom.stand_in import CREATE


@pytest.fixture(autouse=True)
def _zoom(zoom_stand_in):
    return zoom_stand_in


def given_up(meeting, now) -> OnlineMeeting:
    meeting.state, meeting.next_attempt_at = MeetingState.CLOSING, now
    meeting.save(update_fields=["state", "next_attempt_at"])
    return meeting


def test_the_meeting_is_deleted_and_the_row_closed(opened, zoom_stand_in, now):
    close_meeting(given_up(opened, now).pk, now=now)
    opened.refresh_from_db()
    assert opened.state == MeetingState.CLOSED
    assert zoom_stand_in.meetings == []


def test_twice_is_as_good_as_once(opened, zoom_stand_in, now):
    given_up(opened, now)
    close_meeting(opened.pk, now=now)
    close_meeting(opened.pk, now=now)
    assert zoom_stand_in.calls("DELETE") == 1


def test_a_meeting_that_staff_deleted_in_zoom_counts_as_closed(opened, zoom_stand_in, now):
    zoom_stand_in.app.book.clear()
    close_meeting(given_up(opened, now).pk, now=now)
    opened.refresh_from_db()
    assert opened.state == MeetingState.CLOSED


def test_an_open_meeting_of_a_standing_reservation_is_left_alone(opened, zoom_stand_in, now):
    close_meeting(opened.pk, now=now)
    assert len(zoom_stand_in.meetings) == 1


def test_a_meeting_that_was_never_asked_for_needs_no_call(meeting, zoom_stand_in, now):
    close_meeting(given_up(meeting, now).pk, now=now)
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.CLOSED
    assert zoom_stand_in.app.calls == []


def test_a_meeting_whose_answer_was_lost_is_looked_up_and_deleted(meeting, zoom_stand_in, now):
    zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
    open_meeting(meeting.pk, now=now)
    meeting.refresh_from_db()
    close_meeting(given_up(meeting, now).pk, now=now)
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.CLOSED
    assert zoom_stand_in.meetings == []


def test_a_meeting_whose_link_was_refused_is_deleted_all_the_same(meeting, zoom_stand_in, now):
    zoom_stand_in.goes_wrong("wrong_link", on=CREATE)
    open_meeting(meeting.pk, now=now)
    meeting.refresh_from_db()
    close_meeting(given_up(meeting, now).pk, now=now)
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.CLOSED
    assert zoom_stand_in.meetings == []


def test_when_zoom_is_down_it_is_tried_again(opened, zoom_stand_in, now):
    given_up(opened, now)
    zoom_stand_in.goes_wrong("server_error", on="^DELETE")
    close_meeting(opened.pk, now=now)
    opened.refresh_from_db()
    assert opened.state == MeetingState.CLOSING
    assert opened.error
    close_meeting(opened.pk, now=opened.next_attempt_at)
    opened.refresh_from_db()
    assert (opened.state, opened.error) == (MeetingState.CLOSED, "")


class TestHostLink:
    def test_it_opens_the_door_of_this_meeting(self, opened):
        assert f"/s/{opened.meeting_id}?zak=" in host_url(opened)

    def test_it_is_not_kept(self, opened):
        url = host_url(opened)
        row = OnlineMeeting.objects.filter(pk=opened.pk).values().get()
        assert url not in {str(value) for value in row.values()}

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("server_error", "host_link_unavailable"),
            ("per_second", "host_link_unavailable"),
            ("meeting_gone", "meeting_gone"),
        ],
    )
    def test_trouble_is_said_in_words(self, opened, zoom_stand_in, fault, code):
        zoom_stand_in.goes_wrong(fault, on="^GET")
        with pytest.raises(BookingError) as refused:
            host_url(opened)
        assert refused.value.code == code

    def test_a_meeting_not_yet_open_has_none(self, meeting):
        with pytest.raises(BookingError) as refused:
            host_url(meeting)
        assert refused.value.code == "meeting_not_open"


class TestSweeper:
    @pytest.fixture
    def queued(self, monkeypatch):
        """What would go to the broker, in order."""
        calls = []
        monkeypatch.setattr(tasks.open_meeting, "delay", lambda pk: calls.append(("open", pk)))
        monkeypatch.setattr(tasks.change_meeting, "delay", lambda pk: calls.append(("change", pk)))
        monkeypatch.setattr(tasks.close_meeting, "delay", lambda pk: calls.append(("close", pk)))
        return calls

    @pytest.mark.parametrize(
        ("state", "task"),
        [
            (MeetingState.REQUESTED, "open"),
            (MeetingState.CREATING, "open"),
            (MeetingState.UNKNOWN, "open"),
            (MeetingState.CHANGING, "change"),
            (MeetingState.CLOSING, "close"),
        ],
    )
    def test_a_row_left_behind_is_woken(self, meeting, now, queued, state, task):
        OnlineMeeting.objects.update(state=state, meeting_id="1")
        assert wake_up_meetings() == 1
        assert queued == [(task, meeting.pk)]

    @pytest.mark.parametrize("state", [MeetingState.OPEN, MeetingState.CLOSED, MeetingState.FAILED])
    def test_a_row_that_is_settled_is_not(self, meeting, queued, state):
        OnlineMeeting.objects.update(state=state, meeting_id="1")
        assert wake_up_meetings() == 0

    def test_a_row_whose_turn_has_not_come_is_not(self, meeting, now, queued):
        OnlineMeeting.objects.update(next_attempt_at=now + timedelta(seconds=1))
        assert wake_up_meetings() == 0

    def test_a_worker_that_died_is_noticed_at_the_end_of_its_claim(self, meeting, now, queued, freeze):
        OnlineMeeting.objects.update(state=MeetingState.CREATING, next_attempt_at=now + LEASE)
        assert wake_up_meetings() == 0
        freeze(now + LEASE)
        assert wake_up_meetings() == 1

"""A meeting is changed while other workers, a second move or a cancellation come in between."""

import threading

import pytest
from django.db import connection

from booking.effects import change_meeting as changing
from booking.effects import open_meeting as opening
from booking.effects.change_meeting import change_meeting
from booking.effects.open_meeting import open_meeting
from booking.enums import MeetingState
from booking.models import OnlineMeeting
from tests.zoom.conftest import requested_meeting
from tests.zoom.moves import THURSDAY, THURSDAY_TEXT, TUESDAY_TEXT, WEDNESDAY, WEDNESDAY_TEXT, cancelled, moved, times
from tests.zoom.stand_in import CHANGE


@pytest.fixture(autouse=True)
def _zoom(zoom_stand_in):
    return zoom_stand_in


@pytest.mark.django_db(transaction=True)
class TestTwoWorkersAtOnce:
    @staticmethod
    def at_once(meeting, *, now):
        gate = threading.Barrier(4)

        def work():
            gate.wait()
            try:
                change_meeting(meeting.pk, now=now)
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def test_zoom_is_told_once(self, opened, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("slow", on=CHANGE, seconds=0.5)
        self.at_once(moved(opened, now=now), now=now)
        assert zoom_stand_in.calls("PATCH") == 1

    def test_without_the_claim_each_of_them_would_tell_it(self, opened, zoom_stand_in, now, monkeypatch):
        monkeypatch.setattr(changing, "is_due", lambda _meeting, now: True)
        zoom_stand_in.goes_wrong("slow", on=CHANGE, times=4, seconds=0.5)
        self.at_once(moved(opened, now=now), now=now)
        assert zoom_stand_in.calls("PATCH") > 1


@pytest.mark.django_db(transaction=True)
class TestMovedWhileZoomAnswers:
    @pytest.fixture
    def once(self, zoom_stand_in, monkeypatch):
        """Do something in another connection after Zoom's answer to the first call and before our commit."""

        def once(method, act):
            real, done = getattr(zoom_stand_in.app.book, method), []

            def real_and_act(*arguments, **named):
                made = real(*arguments, **named)
                if not done:
                    done.append(True)
                    try:
                        act()
                    finally:
                        connection.close()
                return made

            monkeypatch.setattr(zoom_stand_in.app.book, method, real_and_act)

        return once

    def test_moved_again_the_newer_time_is_sent_at_once(self, opened, zoom_stand_in, now, once):
        moved(opened, now=now, to=WEDNESDAY)
        once("change", lambda: moved(OnlineMeeting.objects.get(), now=now, to=THURSDAY))
        change_meeting(opened.pk, now=now)
        opened.refresh_from_db()
        assert (opened.state, opened.starts_at) == (MeetingState.OPEN, THURSDAY)
        assert times(zoom_stand_in) == [(THURSDAY_TEXT, 30)]

    def test_without_a_second_look_zoom_would_keep_the_time_in_between(
        self, opened, zoom_stand_in, now, once, monkeypatch
    ):
        monkeypatch.setattr(changing, "_was_moved_again", lambda _meeting, order: False)
        moved(opened, now=now, to=WEDNESDAY)
        once("change", lambda: moved(OnlineMeeting.objects.get(), now=now, to=THURSDAY))
        change_meeting(opened.pk, now=now)
        opened.refresh_from_db()
        assert (opened.state, opened.starts_at) == (MeetingState.OPEN, THURSDAY)
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 30)]

    def test_moved_again_and_the_answer_lost_the_newer_time_is_sent_next(self, opened, zoom_stand_in, now, once):
        moved(opened, now=now, to=WEDNESDAY)
        once("change", lambda: moved(OnlineMeeting.objects.get(), now=now, to=THURSDAY))
        zoom_stand_in.goes_wrong("answer_lost", on=CHANGE)
        change_meeting(opened.pk, now=now)
        opened.refresh_from_db()
        assert opened.state == MeetingState.CHANGING
        change_meeting(opened.pk, now=opened.next_attempt_at)
        assert times(zoom_stand_in) == [(THURSDAY_TEXT, 30)]

    def test_cancelled_the_meeting_is_closed_at_once(self, opened, zoom_stand_in, now, once):
        moved(opened, now=now)
        once("change", lambda: cancelled(OnlineMeeting.objects.get(), now=now))
        change_meeting(opened.pk, now=now)
        opened.refresh_from_db()
        assert opened.state == MeetingState.CLOSED
        assert zoom_stand_in.meetings == []

    def test_without_that_look_a_cancelled_session_would_keep_its_meeting(
        self, opened, zoom_stand_in, now, once, monkeypatch
    ):
        monkeypatch.setattr(changing, "_must_close", lambda _meeting, reservation: False)
        moved(opened, now=now)
        once("change", lambda: cancelled(OnlineMeeting.objects.get(), now=now))
        change_meeting(opened.pk, now=now)
        assert len(zoom_stand_in.meetings) == 1

    @pytest.mark.parametrize("fault", ["answer_lost", "bad_gateway_after", "not_json"])
    def test_cancelled_and_the_answer_lost_it_is_closed_all_the_same(self, opened, zoom_stand_in, now, once, fault):
        moved(opened, now=now)
        once("change", lambda: cancelled(OnlineMeeting.objects.get(), now=now))
        zoom_stand_in.goes_wrong(fault, on=CHANGE)
        change_meeting(opened.pk, now=now)
        opened.refresh_from_db()
        assert opened.state == MeetingState.CLOSED
        assert zoom_stand_in.meetings == []

    def test_moved_while_the_meeting_is_being_made_it_is_changed_right_after(self, zoom_stand_in, now, once):
        meeting = requested_meeting(now)
        once("create", lambda: moved(OnlineMeeting.objects.get(), now=now, minutes=45))
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert (meeting.state, meeting.starts_at) == (MeetingState.OPEN, WEDNESDAY)
        assert times(zoom_stand_in) == [(WEDNESDAY_TEXT, 45)]
        assert zoom_stand_in.calls("POST", "/meetings") == 1

    def test_without_comparing_the_times_zoom_would_keep_the_old_one(self, zoom_stand_in, now, once, monkeypatch):
        monkeypatch.setattr(opening, "_has_its_time", lambda _created, **_named: True)
        meeting = requested_meeting(now)
        once("create", lambda: moved(OnlineMeeting.objects.get(), now=now))
        open_meeting(meeting.pk, now=now)
        assert times(zoom_stand_in) == [(TUESDAY_TEXT, 30)]

    def test_when_that_change_fails_the_link_is_known_already(self, zoom_stand_in, now, once):
        meeting = requested_meeting(now)
        once("create", lambda: moved(OnlineMeeting.objects.get(), now=now))
        zoom_stand_in.goes_wrong("server_error", on=CHANGE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.CHANGING
        assert OnlineMeeting.objects.open_of(meeting.reservation) == meeting
        assert meeting.join_url == zoom_stand_in.meetings[0]["join_url"]

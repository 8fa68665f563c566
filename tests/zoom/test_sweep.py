"""Every night: what Zoom holds is compared with our rows (ADR 13)."""

import logging
from datetime import timedelta

import pytest

from booking import tasks
from booking.effects import sweep as sweeping
from booking.effects.change_meeting import change_meeting
from booking.effects.close_meeting import close_meeting
from booking.effects.leases import LEASE
from booking.effects.open_meeting import open_meeting
from booking.effects.sweep import Found, hosts_to_sweep, sweep_host
from booking.enums import MeetingState, ReservationStatus
from booking.models import MeetingHost, OnlineMeeting
from booking.models.meeting import new_ref
from booking.periodic import sweep_meetings, wake_up_meetings
from mailing.models import OutgoingMail
from tests.factories import MeetingHostFactory
from tests.zoom.conftest import requested_meeting
from tests.zoom.moves import TUESDAY_TEXT, moved, times
from tests.zoom.stand_in import CHANGE, CREATE

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _zoom(zoom_stand_in):
    return zoom_stand_in


@pytest.fixture
def make(zoom_stand_in, now):
    """A meeting in Zoom that no task of ours made: `make(host, agenda=…, made_at=…)` returns its number."""

    def make(host, *, agenda, made_at=now - 2 * HOUR, start_time=TUESDAY_TEXT, duration=30):
        body = {"agenda": agenda, "start_time": start_time, "duration": duration}
        meeting = zoom_stand_in.app.book.create(host, body, base_url=zoom_stand_in.url, now=made_at)
        return str(meeting["id"])

    return make


def numbers(zoom_stand_in) -> set[str]:
    return {str(meeting["id"]) for meeting in zoom_stand_in.meetings}


class TestOrphans:
    def test_a_meeting_whose_row_is_closed_is_deleted(self, opened, zoom_stand_in, now):
        OnlineMeeting.objects.update(state=MeetingState.CLOSED)
        assert sweep_host(opened.host, now=now)[Found.ORPHAN] == 1
        assert zoom_stand_in.meetings == []

    def test_one_that_no_row_knows_is_deleted_when_it_is_an_hour_old(self, opened, make, zoom_stand_in, now):
        make(opened.host, agenda=f"ref:{new_ref()}", made_at=now - HOUR)
        young = make(opened.host, agenda=f"ref:{new_ref()}", made_at=now - HOUR + SECOND)
        figures = sweep_host(opened.host, now=now)
        assert (figures[Found.ORPHAN], figures[Found.YOUNG], figures[Found.OURS]) == (1, 1, 3)
        assert numbers(zoom_stand_in) == {opened.meeting_id, young}

    def test_of_several_with_one_mark_the_rows_own_stays(self, opened, make, zoom_stand_in, now):
        for made_at in (now - HOUR, now, now + HOUR):
            make(opened.host, agenda=f"ref:{opened.ref}", made_at=made_at)
        assert sweep_host(opened.host, now=now)[Found.DOUBLE] == 3
        assert numbers(zoom_stand_in) == {opened.meeting_id}

    def test_one_of_a_session_that_failed_and_is_over_is_deleted(self, meeting, make, zoom_stand_in, now):
        make(meeting.host, agenda=f"ref:{meeting.ref}")
        OnlineMeeting.objects.update(state=MeetingState.FAILED)
        sweep_host(meeting.host, now=now)
        assert len(zoom_stand_in.meetings) == 1, "the session may still be moved, and then adopts it"
        meeting.reservation.status = ReservationStatus.COMPLETED
        meeting.reservation.save(update_fields=["status"])
        sweep_host(meeting.host, now=now)
        assert zoom_stand_in.meetings == []

    @pytest.mark.parametrize(
        "agenda",
        [
            pytest.param("", id="no agenda"),
            pytest.param("定例会議", id="somebody's own meeting"),
            pytest.param("see ref:0123456789abcdef", id="a mark not at the beginning"),
            pytest.param("ref:of another system", id="another system's mark"),
        ],
    )
    def test_without_our_mark_nothing_is_touched(self, opened, make, zoom_stand_in, now, agenda):
        theirs = make(opened.host, agenda=agenda)
        assert sweep_host(opened.host, now=now)[Found.OURS] == 1
        assert numbers(zoom_stand_in) == {opened.meeting_id, theirs}
        assert zoom_stand_in.calls("DELETE") == 0

    def test_all_pages_of_the_list_are_looked_at(self, opened, make, zoom_stand_in, now):
        zoom_stand_in.app.switch_board.set("small_pages", amount=2)
        for _number in range(5):
            make(opened.host, agenda=f"ref:{new_ref()}")
        assert sweep_host(opened.host, now=now)[Found.ORPHAN] == 5
        assert numbers(zoom_stand_in) == {opened.meeting_id}

    def test_one_that_zoom_does_not_delete_stops_no_other(self, opened, make, zoom_stand_in, now, caplog):
        for _number in range(3):
            make(opened.host, agenda=f"ref:{new_ref()}")
        zoom_stand_in.goes_wrong("server_error", on="^DELETE")
        figures = sweep_host(opened.host, now=now)
        assert (figures[Found.ORPHAN], figures[Found.FAILED]) == (2, 1)
        assert "not deleted" in caplog.text
        assert sweep_host(opened.host, now=now)[Found.ORPHAN] == 1
        assert numbers(zoom_stand_in) == {opened.meeting_id}


class TestWorkersAreAtIt:
    @pytest.mark.parametrize("state", [MeetingState.REQUESTED, MeetingState.CREATING, MeetingState.UNKNOWN])
    def test_a_meeting_about_to_be_made_or_adopted_is_left_alone(self, meeting, make, zoom_stand_in, now, state):
        made = make(
            meeting.host, agenda=f"ref:{meeting.ref}", made_at=now - 3 * HOUR, start_time="2026-06-09T01:00:00Z"
        )
        OnlineMeeting.objects.update(state=state, leased_until=now + LEASE)
        figures = sweep_host(meeting.host, now=now)
        assert figures == {Found.OURS: 1}
        assert numbers(zoom_stand_in) == {made}

    def test_one_whose_answer_was_lost_is_adopted_after_the_sweep(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
        open_meeting(meeting.pk, now=now)
        sweep_host(meeting.host, now=now + HOUR)
        meeting.refresh_from_db()
        open_meeting(meeting.pk, now=meeting.next_attempt_at)
        meeting.refresh_from_db()
        assert (meeting.state, numbers(zoom_stand_in)) == (MeetingState.OPEN, {meeting.meeting_id})

    def test_without_that_care_its_meeting_would_be_lost(self, meeting, zoom_stand_in, now, monkeypatch):
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
        open_meeting(meeting.pk, now=now)
        monkeypatch.setattr(sweeping, "_judge", lambda _meeting, row, now: Found.ORPHAN)
        sweep_host(meeting.host, now=now + HOUR)
        assert zoom_stand_in.meetings == []

    def test_one_that_was_moved_is_left_to_the_worker(self, opened, zoom_stand_in, now):
        moved(opened, now=now)
        assert Found.WRONG_TIME not in sweep_host(opened.host, now=now)
        assert zoom_stand_in.calls("PATCH") == 0

    def test_one_that_is_to_be_closed_too(self, opened, zoom_stand_in, now):
        OnlineMeeting.objects.update(state=MeetingState.CLOSING)
        sweep_host(opened.host, now=now)
        assert zoom_stand_in.calls("DELETE") == 0


class TestWrongTimes:
    @pytest.fixture
    def wrong(self, opened, zoom_stand_in) -> OnlineMeeting:
        zoom_stand_in.app.book.overwrite(opened.meeting_id, start_time="2026-06-02T02:00:00Z")
        return opened

    def test_is_told_and_put_right(self, wrong, zoom_stand_in, now, caplog):
        assert sweep_host(wrong.host, now=now)[Found.WRONG_TIME] == 1
        assert times(zoom_stand_in) == [(TUESDAY_TEXT, 30)]
        wrong.refresh_from_db()
        assert (wrong.state, wrong.error) == (MeetingState.OPEN, "")
        assert [record.levelno for record in caplog.records if "lists it at" in record.message] == [logging.WARNING]

    def test_a_wrong_length_too(self, opened, zoom_stand_in, now):
        zoom_stand_in.app.book.overwrite(opened.meeting_id, duration=10)
        sweep_host(opened.host, now=now)
        assert times(zoom_stand_in) == [(TUESDAY_TEXT, 30)]

    def test_when_zoom_fails_then_staff_see_it_and_the_worker_goes_on(self, wrong, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("server_error", on=CHANGE)
        sweep_host(wrong.host, now=now)
        wrong.refresh_from_db()
        assert wrong.state == MeetingState.CHANGING
        assert wrong.error
        change_meeting(wrong.pk, now=wrong.next_attempt_at)
        assert times(zoom_stand_in) == [(TUESDAY_TEXT, 30)]

    def test_a_session_that_has_begun_may_have_the_rest_of_its_time(self, meeting, zoom_stand_in, freeze):
        begun = freeze(meeting.starts_at + 5 * MINUTE)
        open_meeting(meeting.pk, now=begun)
        assert sweep_host(meeting.host, now=begun) == {Found.OURS: 1}
        assert zoom_stand_in.calls("PATCH") == 0


class TestGone:
    def test_it_is_replaced_and_the_person_told(self, opened, zoom_stand_in, now):
        zoom_stand_in.app.book.clear()
        assert sweep_host(opened.host, now=now)[Found.GONE] == 1
        opened.refresh_from_db()
        new = OnlineMeeting.objects.live().get()
        assert (opened.state, new.state) == (MeetingState.CLOSED, MeetingState.REQUESTED)
        assert OutgoingMail.objects.filter(kind="new_link").count() == 1
        open_meeting(new.pk, now=now)
        assert len(zoom_stand_in.meetings) == 1

    def test_a_list_that_lags_is_not_believed(self, opened, zoom_stand_in, now):
        zoom_stand_in.app.switch_board.set("lagging_lists", amount=60)
        assert Found.GONE not in sweep_host(opened.host, now=now)
        assert OnlineMeeting.objects.get() == opened

    def test_html_from_the_edge_is_not_believed(self, opened, zoom_stand_in, now):
        zoom_stand_in.app.book.clear()
        zoom_stand_in.goes_wrong("edge_not_found", on="^GET /v2/meetings/")
        assert Found.GONE not in sweep_host(opened.host, now=now)
        assert OnlineMeeting.objects.get().state == MeetingState.OPEN

    def test_for_a_session_that_is_over_nobody_needs_a_new_one(self, opened, zoom_stand_in, freeze):
        zoom_stand_in.app.book.clear()
        sweep_host(opened.host, now=freeze(opened.ends_at))
        assert OnlineMeeting.objects.get() == opened
        assert not OutgoingMail.objects.filter(kind="new_link").exists()


class TestReservationsThatWillNotTakePlace:
    @staticmethod
    def give(meeting, status):
        meeting.reservation.status = status
        meeting.reservation.save(update_fields=["status"])

    @pytest.mark.parametrize("status", [ReservationStatus.CANCELLED_BY_OFFICE, ReservationStatus.NO_SHOW])
    def test_a_meeting_that_was_forgotten_is_closed(self, opened, zoom_stand_in, now, status):
        self.give(opened, status)
        assert sweep_host(opened.host, now=now)[Found.OVER] == 1
        close_meeting(opened.pk, now=now)
        opened.refresh_from_db()
        assert opened.state == MeetingState.CLOSED
        assert zoom_stand_in.meetings == []

    def test_a_completed_session_is_given_three_hours_to_end(self, opened, zoom_stand_in, freeze):
        self.give(opened, ReservationStatus.COMPLETED)
        sweep_host(opened.host, now=freeze(opened.ends_at + 3 * HOUR - SECOND))
        opened.refresh_from_db()
        assert opened.state == MeetingState.OPEN
        sweep_host(opened.host, now=freeze(opened.ends_at + 3 * HOUR))
        opened.refresh_from_db()
        assert opened.state == MeetingState.CLOSING

    def test_also_when_zoom_gives_no_list(self, opened, zoom_stand_in, now):
        self.give(opened, ReservationStatus.CANCELLED_BY_OFFICE)
        zoom_stand_in.goes_wrong("bad_gateway", on="^GET")
        assert sweep_host(opened.host, now=now) == {Found.OVER: 1, Found.FAILED: 1}


class TestHosts:
    def test_those_in_use_and_those_of_live_rows(self, opened, now):
        office = opened.reservation.office
        MeetingHostFactory.create(address="pool@zoom.example", office=office)
        MeetingHostFactory.create(address="left@zoom.example", office=office, is_active=False)
        other = requested_meeting(now)
        MeetingHost.objects.filter(pk=other.host).update(is_active=False)
        assert set(hosts_to_sweep()) == {opened.host, "pool@zoom.example", other.host}

    def test_one_that_fails_stops_no_other(self, opened, make, zoom_stand_in, now, monkeypatch):
        """The real tasks, run at once instead of by a worker."""
        gone = MeetingHostFactory.create(address="a-nobody@zoom.example", office=opened.reservation.office)
        zoom_stand_in.goes_wrong("user_unknown", on=f"^GET /v2/users/{gone.pk}/meetings$")
        make(opened.host, agenda=f"ref:{new_ref()}")
        monkeypatch.setattr(tasks.sweep_host, "delay", tasks.sweep_host)
        assert sweep_meetings() == 2
        assert numbers(zoom_stand_in) == {opened.meeting_id}

    def test_settings_that_came_back_different_are_told_once(self, meeting, zoom_stand_in, now, caplog, monkeypatch):
        monkeypatch.setattr(tasks.sweep_host, "delay", lambda _host: None)
        zoom_stand_in.goes_wrong("settings_locked", on=CREATE)
        open_meeting(meeting.pk, now=now)
        sweep_meetings()
        sweep_meetings()
        told = [record for record in caplog.records if "since the last sweep" in record.message]
        assert len(told) == 1
        assert "'auto_recording': 1" in told[0].message


def test_run_twice_the_second_sweep_finds_nothing(opened, make, zoom_stand_in, now):
    make(opened.host, agenda=f"ref:{new_ref()}")
    make(opened.host, agenda=f"ref:{opened.ref}")
    zoom_stand_in.app.book.overwrite(opened.meeting_id, duration=10)
    sweep_host(opened.host, now=now)
    assert sweep_host(opened.host, now=now) == {Found.OURS: 1}
    assert wake_up_meetings() == 0


def test_what_was_right_stays_as_it_was(opened, zoom_stand_in, now):
    before = zoom_stand_in.meetings
    assert sweep_host(opened.host, now=now) == {Found.OURS: 1}
    opened.refresh_from_db()
    assert (zoom_stand_in.meetings, opened.state) == (before, MeetingState.OPEN)

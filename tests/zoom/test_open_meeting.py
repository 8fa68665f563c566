"""A reservation gets exactly one meeting, whatever happens on the way."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from booking.effects.close_meeting import close_meeting
from booking.effects.leases import LEASE, longest_pause, pause
from booking.effects.open_meeting import open_meeting
from booking.enums import MeetingState, ReservationStatus
from booking.models import MeetingHost, OnlineMeeting
from mailing.models import OutgoingMail
from tests.factories import MeetingHostFactory
from tests.zoom.conftest import requested_meeting
from tests.zoom.stand_in import CREATE

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _zoom(zoom_stand_in):
    return zoom_stand_in


def refs(zoom_stand_in):
    return [meeting["agenda"] for meeting in zoom_stand_in.meetings]


def test_the_row_learns_id_link_and_passcode(meeting, zoom_stand_in, now):
    open_meeting(meeting.pk, now=now)
    meeting.refresh_from_db()
    [made] = zoom_stand_in.meetings
    assert meeting.state == MeetingState.OPEN
    assert (meeting.meeting_id, meeting.join_url, meeting.passcode) == (
        str(made["id"]),
        made["join_url"],
        made["password"],
    )
    assert (meeting.opened_at, meeting.error, meeting.leased_until) == (now, "", None)


def test_what_zoom_is_told_names_nobody(meeting, zoom_stand_in, now):
    open_meeting(meeting.pk, now=now)
    [made] = zoom_stand_in.meetings
    reservation = meeting.reservation
    told = f"{made['topic']} {made['agenda']}"
    for personal in (reservation.name, reservation.number, str(reservation.uuid), reservation.office.name):
        assert personal not in told


def test_run_twice_it_makes_one_meeting(meeting, zoom_stand_in, now):
    open_meeting(meeting.pk, now=now)
    open_meeting(meeting.pk, now=now + MINUTE)
    assert refs(zoom_stand_in) == [f"ref:{meeting.ref}"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_meeting(zoom_stand_in, now):
    meeting = requested_meeting(now)
    gate = threading.Barrier(4)

    def work():
        gate.wait()
        try:
            open_meeting(meeting.pk, now=now)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert refs(zoom_stand_in) == [f"ref:{meeting.ref}"]
    assert OnlineMeeting.objects.get().state == MeetingState.OPEN


def test_the_mails_that_wait_for_the_link_are_woken(meeting, now):
    waiting = OutgoingMail.objects.create(
        kind="reservation_confirmed",
        cause=str(meeting.reservation.uuid),
        to="seeker@mail.example",
        due_at=now + timedelta(minutes=15),
        is_waiting=True,
    )
    open_meeting(meeting.pk, now=now)
    waiting.refresh_from_db()
    assert waiting.due_at == now


@pytest.mark.parametrize("fault", ["answer_lost", "bad_gateway_after", "not_json"])
def test_a_meeting_whose_answer_was_lost_is_adopted(meeting, zoom_stand_in, now, fault):
    zoom_stand_in.goes_wrong(fault, on=CREATE)
    open_meeting(meeting.pk, now=now)
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.UNKNOWN
    open_meeting(meeting.pk, now=meeting.next_attempt_at)
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.OPEN
    assert [str(made["id"]) for made in zoom_stand_in.meetings] == [meeting.meeting_id]
    assert meeting.passcode


def test_without_the_mark_in_the_agenda_there_would_be_two(meeting, zoom_stand_in, now):
    zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
    open_meeting(meeting.pk, now=now)
    zoom_stand_in.app.book.overwrite(str(zoom_stand_in.meetings[0]["id"]), agenda="")
    meeting.refresh_from_db()
    open_meeting(meeting.pk, now=meeting.next_attempt_at)
    assert len(zoom_stand_in.meetings) == 2


def test_a_worker_that_died_is_followed_when_its_claim_is_over(meeting, zoom_stand_in, now, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("booking.meetings.zoom.provider._created", _die)
        with pytest.raises(SystemError):
            open_meeting(meeting.pk, now=now)
    open_meeting(meeting.pk, now=now + LEASE - timedelta(seconds=1))
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.CREATING
    open_meeting(meeting.pk, now=now + LEASE)
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.OPEN
    assert len(zoom_stand_in.meetings) == 1


def _die(*_arguments, **_named):
    raise SystemError("killed between Zoom's answer and the commit")


def test_of_several_with_the_same_mark_the_oldest_is_kept(meeting, zoom_stand_in, now):
    zoom_stand_in.goes_wrong("server_error", on=CREATE)
    open_meeting(meeting.pk, now=now)
    body = {"agenda": f"ref:{meeting.ref}", "start_time": "2026-06-02T01:00:00Z"}
    make = zoom_stand_in.app.book.create
    made = [
        make(meeting.host, body, base_url=zoom_stand_in.url, now=now + timedelta(seconds=late)) for late in (20, 10, 30)
    ]
    meeting.refresh_from_db()
    open_meeting(meeting.pk, now=meeting.next_attempt_at)
    meeting.refresh_from_db()
    assert meeting.meeting_id == str(made[1]["id"])
    assert [kept["id"] for kept in zoom_stand_in.meetings] == [made[1]["id"]]


class TestFailures:
    @pytest.mark.parametrize(
        ("fault", "state", "wait"),
        [
            ("missing_scope", MeetingState.REQUESTED, timedelta(hours=1)),
            ("not_paid", MeetingState.REQUESTED, timedelta(hours=1)),
            ("invalid", MeetingState.REQUESTED, timedelta(hours=1)),
            ("not_licensed", MeetingState.REQUESTED, timedelta(minutes=15)),
            ("user_unknown", MeetingState.REQUESTED, timedelta(minutes=15)),
            ("host_daily", MeetingState.REQUESTED, timedelta(hours=23)),
        ],
    )
    def test_each_has_its_pause_and_is_seen_by_staff(self, meeting, zoom_stand_in, now, fault, state, wait):
        zoom_stand_in.goes_wrong(fault, on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert (meeting.state, meeting.next_attempt_at) == (state, now + wait)
        assert meeting.error
        assert meeting.leased_until is None

    @pytest.mark.parametrize(
        ("fault", "state"),
        [
            ("per_second", MeetingState.REQUESTED),
            ("conflict", MeetingState.REQUESTED),
            ("server_error", MeetingState.UNKNOWN),
        ],
    )
    def test_what_passes_by_itself_is_tried_again_soon(self, meeting, zoom_stand_in, now, fault, state):
        zoom_stand_in.goes_wrong(fault, on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert meeting.state == state
        assert meeting.error
        assert now + timedelta(seconds=15) <= meeting.next_attempt_at <= now + timedelta(seconds=30)

    def test_the_error_goes_away_with_the_success(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("per_second", on=CREATE)
        open_meeting(meeting.pk, now=now)
        open_meeting(meeting.pk, now=now + timedelta(seconds=30))
        meeting.refresh_from_db()
        assert (meeting.state, meeting.error) == (MeetingState.OPEN, "")

    def test_it_is_not_tried_one_second_too_early(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("per_second", on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        open_meeting(meeting.pk, now=meeting.next_attempt_at - timedelta(seconds=1))
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.REQUESTED

    @pytest.mark.parametrize(
        ("attempts", "wait"), [(1, 30), (2, 60), (3, 120), (5, 480), (6, 900), (7, 900), (5000, 900)]
    )
    def test_pauses_double_up_to_fifteen_minutes(self, attempts, wait):
        assert longest_pause(attempts) == timedelta(seconds=wait)

    @pytest.mark.parametrize("attempts", [1, 4, 5000])
    def test_rows_that_failed_together_come_back_one_by_one(self, attempts):
        longest = longest_pause(attempts)
        pauses = [pause(attempts) for _row in range(200)]
        assert all(longest / 2 <= one <= longest for one in pauses)
        assert len(set(pauses)) > 1

    def test_a_session_without_a_host_is_an_error_that_staff_can_cure(self, meeting, zoom_stand_in, now):
        """With a host of the pool: nobody has to touch the reservation."""
        reservation = meeting.reservation
        reservation.meeting_host = reservation.host_until = None
        reservation.save(update_fields=["meeting_host", "host_until"])
        MeetingHost.objects.update(is_active=False)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert "Zoomのユーザー" in meeting.error
        assert zoom_stand_in.app.calls == []
        MeetingHostFactory.create(address="new@zoom.example", office=reservation.office)
        open_meeting(meeting.pk, now=meeting.next_attempt_at)
        assert zoom_stand_in.meetings[0]["host_email"] == "new@zoom.example"

    def test_a_link_to_another_place_never_reaches_the_row(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("wrong_link", on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert (meeting.state, meeting.join_url) == (MeetingState.REQUESTED, "")

    def test_settings_that_the_account_overrides_are_shown_to_staff(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("settings_locked", on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.OPEN
        assert "auto_recording" in meeting.error


class TestLateStart:
    def test_a_session_that_has_begun_gets_the_rest_of_its_time(self, meeting, zoom_stand_in, now):
        begun = meeting.starts_at + timedelta(minutes=5)
        open_meeting(meeting.pk, now=begun)
        [made] = zoom_stand_in.meetings
        assert (made["start_time"], made["duration"]) == ("2026-06-02T01:06:00Z", 24)

    def test_a_session_that_is_over_gets_none(self, meeting, zoom_stand_in, now):
        open_meeting(meeting.pk, now=meeting.starts_at + timedelta(minutes=29))
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.FAILED
        assert zoom_stand_in.app.calls == []

    def test_one_second_earlier_it_still_does(self, meeting, zoom_stand_in, freeze):
        moment = freeze(meeting.starts_at + timedelta(minutes=29) - timedelta(seconds=1))
        open_meeting(meeting.pk, now=moment)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.OPEN


class TestCancelledMeanwhile:
    @pytest.fixture
    def cancelled_while_zoom_answers(self, meeting, zoom_stand_in, now, monkeypatch):
        """The seeker cancels between Zoom's answer and our commit."""
        create = zoom_stand_in.app.book.create

        def create_and_cancel(*arguments, **named):
            made = create(*arguments, **named)
            self.cancel_in_another_connection(meeting.pk, now)
            return made

        monkeypatch.setattr(zoom_stand_in.app.book, "create", create_and_cancel)

    @staticmethod
    def cancel_in_another_connection(meeting_pk, now):
        try:
            meeting = OnlineMeeting.objects.select_related("reservation").get(pk=meeting_pk)
            meeting.reservation.status = ReservationStatus.CANCELLED_BY_SEEKER
            meeting.reservation.save(update_fields=["status"])
            meeting.state, meeting.next_attempt_at = MeetingState.CLOSING, now
            meeting.save(update_fields=["state", "next_attempt_at"])
        finally:
            connection.close()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.usefixtures("cancelled_while_zoom_answers")
    def test_the_fresh_meeting_is_deleted_again(self, meeting, zoom_stand_in, now):
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.CLOSED
        assert zoom_stand_in.meetings == []

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.usefixtures("cancelled_while_zoom_answers")
    def test_even_when_the_answer_is_lost(self, meeting, zoom_stand_in, now):
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE)
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        close_meeting(meeting.pk, now=meeting.next_attempt_at)
        meeting.refresh_from_db()
        assert meeting.state == MeetingState.CLOSED
        assert zoom_stand_in.meetings == []

    def test_a_close_that_comes_first_waits_for_the_worker(self, meeting, zoom_stand_in, now):
        meeting.state, meeting.attempts, meeting.leased_until = MeetingState.CLOSING, 1, now + LEASE
        meeting.save()
        close_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert (meeting.state, meeting.next_attempt_at) == (MeetingState.CLOSING, now + LEASE)

    def test_no_meeting_is_made_for_a_reservation_that_is_not_upcoming(self, meeting, zoom_stand_in, now):
        meeting.reservation.status = ReservationStatus.CANCELLED_BY_OFFICE
        meeting.reservation.save(update_fields=["status"])
        open_meeting(meeting.pk, now=now)
        assert zoom_stand_in.meetings == []

"""Link, passcode, host link, token and credentials stand in no log, whatever happens on the way; the row forgets them in time."""

import logging
from contextlib import suppress
from datetime import timedelta

import pytest

from booking.effects.ask_attendance import ask_attendance, ask_status
from booking.effects.change_meeting import change_meeting
from booking.effects.check_meeting import check_meeting
from booking.effects.close_meeting import close_meeting
from booking.effects.host_link import host_url
from booking.effects.open_meeting import open_meeting
from booking.effects.sweep import sweep_host
from booking.enums import MeetingState
from booking.errors import BookingError
from booking.models import OnlineMeeting
from booking.periodic import purge_personal_data
from tests.zoom.moves import WEDNESDAY, cancelled, moved
from tests.zoom.stand_in import RunningStandIn

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
FAULTS = ["", "answer_lost", "bad_gateway_after", "not_json", "token_expired", "credentials_refused", "settings_locked"]


@pytest.fixture
def secrets(zoom_stand_in: RunningStandIn, monkeypatch) -> set[str]:
    """Everything secret that the stand-in has ever told, or been told, in this test; the calls add to it."""
    known = {zoom_stand_in.app.credentials.client_secret}
    told = zoom_stand_in.app.zoom._told

    def told_and_known(*arguments):
        body = told(*arguments)
        known.update(
            {body["start_url"], body["start_url"].split("zak=")[1], body["join_url"], body["encrypted_password"]}
        )
        known.add(body["password"])
        return body

    monkeypatch.setattr(zoom_stand_in.app.zoom, "_told", told_and_known)
    return known


def in_use(zoom_stand_in: RunningStandIn) -> set[str]:
    return set(zoom_stand_in.app.tokens._tokens)


def leaks(text: str, secrets: set[str]) -> list[str]:
    return [secret for secret in secrets if secret and secret in text]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("on", ["^POST /v2", "^GET", "^PATCH", "^DELETE", "/oauth/token"])
def test_nothing_secret_is_logged_on_any_path(db, meeting, zoom_stand_in, secrets, now, caplog, redis, fault, on):
    caplog.set_level(logging.DEBUG)
    if fault:
        zoom_stand_in.goes_wrong(fault, on=on, times=2)
    for attempt in range(3):
        open_meeting(meeting.pk, now=now + attempt * timedelta(hours=1))
    meeting.refresh_from_db()
    with suppress(BookingError):
        host_url(meeting)
    check_meeting(meeting.pk, now=now)
    sweep_host(meeting.host, now=now)
    if meeting.state == MeetingState.OPEN:
        change_meeting(moved(meeting, now=now).pk, now=now)
    ask_status(meeting.pk, now=now)
    ask_attendance(meeting.pk, now=now)
    cancelled(OnlineMeeting.objects.get(pk=meeting.pk), now=now)
    close_meeting(meeting.pk, now=now + DAY)
    zoom_stand_in.app.book.create(
        meeting.host, {"agenda": f"ref:{meeting.ref}"}, base_url=zoom_stand_in.url, now=now - DAY
    )
    sweep_host(meeting.host, now=now + DAY)
    assert caplog.text
    assert len(secrets) > 1
    assert leaks(caplog.text, {*secrets, *in_use(zoom_stand_in)}) == []
    for row in OnlineMeeting.objects.all():
        assert leaks(row.error, secrets) == []
        assert "zak=" not in "".join(str(value) for value in vars(row).values())


def test_a_link_that_somebody_logged_would_be_found(opened, zoom_stand_in, secrets, caplog):
    url = host_url(opened)
    logging.getLogger("booking").warning("the link is %s", url)
    assert url in leaks(caplog.text, secrets)


@pytest.mark.parametrize(
    ("after", "is_kept"),
    [
        pytest.param(DAY - SECOND, True, id="one second before a day is over"),
        pytest.param(DAY, False, id="a day after the end of the session"),
    ],
)
def test_link_and_passcode_go_a_day_after_the_session(opened, freeze, after, is_kept):
    freeze(opened.reservation.ends_at + after)
    purge_personal_data()
    opened.refresh_from_db()
    assert (bool(opened.join_url), bool(opened.passcode)) == (is_kept, is_kept)
    assert opened.state == (MeetingState.OPEN if is_kept else MeetingState.CLOSED)
    assert opened.meeting_id


@pytest.mark.parametrize("state", [MeetingState.CHANGING, MeetingState.CLOSING, MeetingState.FAILED])
def test_whatever_state_the_row_was_left_in(opened, freeze, state):
    OnlineMeeting.objects.update(state=state)
    freeze(opened.reservation.ends_at + DAY)
    purge_personal_data()
    opened.refresh_from_db()
    assert (opened.join_url, opened.passcode) == ("", "")


def test_a_session_that_was_moved_keeps_them_for_its_new_time(opened, freeze, now):
    old_end = opened.reservation.ends_at
    moved(opened, now=now, to=WEDNESDAY)
    freeze(old_end + DAY)
    purge_personal_data()
    opened.refresh_from_db()
    assert opened.join_url


def test_the_meeting_of_a_purged_row_goes_from_zoom_the_same_night(opened, zoom_stand_in, freeze):
    later = freeze(opened.reservation.ends_at + DAY)
    purge_personal_data()
    sweep_host(opened.host, now=later)
    assert zoom_stand_in.meetings == []

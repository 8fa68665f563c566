"""Notices become stays, in whatever order they come."""

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest

from booking.enums import MeetingState, SeenBy
from booking.flows import attend
from booking.flows.attend import take_notice
from booking.models import Attendance, OnlineMeeting, WebhookDelivery
from booking.models.attendance import AttendanceQuerySet
from booking.periodic import purge_personal_data, take_notices_left_behind
from tests.factories import NOW
from tests.webhooks.conftest import (
    HOST_ID,
    INSTANCE,
    MEETING_ID,
    TEN,
    event,
    guest,
    host,
    open_meeting_of,
    post,
)

MINUTE = timedelta(minutes=1)
WAITED, JOINED, LEFT, STARTED, ENDED = (TEN + minutes * MINUTE for minutes in (-4, 1, 25, -5, 26))
SESSION = [
    event("meeting.started", STARTED),
    event("meeting.participant_joined", STARTED, participant=host(STARTED)),
    event("meeting.participant_joined_waiting_room", WAITED, participant=guest(WAITED, time_name="date_time")),
    event("meeting.participant_admitted", JOINED, participant=guest(JOINED, time_name="date_time")),
    event("meeting.participant_joined", JOINED, participant=guest(JOINED)),
    event("meeting.participant_left", LEFT, participant=guest(LEFT, time_name="leave_time")),
    event("meeting.participant_left", ENDED, participant=host(ENDED, time_name="leave_time")),
    event("meeting.ended", ENDED, end_time=ENDED.isoformat()),
]
EXPECTED = {
    ("", True, None, STARTED, ENDED),
    ("16778000", True, None, STARTED, ENDED),
    ("16778240", False, WAITED, JOINED, LEFT),
}


def stays() -> set[tuple[Any, ...]]:
    return set(Attendance.objects.values_list("participant", "is_host", "waited_at", "joined_at", "left_at"))


def test_a_session_from_the_waiting_room_to_its_end(meeting, zoom_tells) -> None:
    zoom_tells(*SESSION)
    assert stays() == EXPECTED
    assert set(Attendance.objects.values_list("meeting", "instance", "seen_by")) == {(meeting.pk, INSTANCE, "webhook")}


@pytest.mark.parametrize("seed", range(8))
def test_in_any_order_and_twice_the_stays_are_the_same(meeting, zoom_tells, seed: int) -> None:
    shuffled = [*SESSION, *SESSION]
    random.Random(seed).shuffle(shuffled)
    for told in shuffled:
        zoom_tells(told)
        WebhookDelivery.objects.all().delete()  # so that the digest is not what makes the second one harmless
    assert stays() == EXPECTED


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_left_before_joined_and_ended_before_started(meeting, zoom_tells, order) -> None:
    told = [SESSION[4], SESSION[5], SESSION[2]]
    zoom_tells(*(told[position] for position in order))
    assert stays() == {("16778240", False, WAITED, JOINED, LEFT)}


def test_if_the_last_word_won_the_order_would_matter(meeting, zoom_tells, monkeypatch) -> None:
    """The twin of the first and the last: later words simply written over earlier ones."""
    monkeypatch.setattr("booking.models.attendance.Least", lambda _old, new: new)
    earlier, later = (event("meeting.participant_joined", at, participant=guest(at)) for at in (JOINED, LEFT))
    zoom_tells(earlier, later)
    assert Attendance.objects.get().joined_at == LEFT


def test_who_comes_back_has_a_second_stay(meeting, zoom_tells) -> None:
    again = LEFT + MINUTE
    zoom_tells(*SESSION, event("meeting.participant_joined", again, participant=guest(again, user_id="16779264")))
    assert Attendance.objects.filter(is_host=False).count() == 2


def test_a_second_start_is_another_instance(meeting, zoom_tells) -> None:
    zoom_tells(SESSION[0], event("meeting.started", ENDED + MINUTE, uuid="/second//one=="))
    assert set(Attendance.objects.values_list("instance", flat=True)) == {INSTANCE, "/second//one=="}


@pytest.mark.parametrize("person", [{"id": "", "user_name": "髙橋 一郎"}, {"id": "someone", "user_name": "x"}])
def test_who_waits_for_the_host_is_seen_without_a_key_of_a_stay(meeting, zoom_tells, person) -> None:
    zoom_tells(
        event("meeting.participant_jbh_waiting", WAITED, participant=person),
        event("meeting.participant_jbh_waiting_left", JOINED, participant=person, id=int(MEETING_ID)),
    )
    row = Attendance.objects.get()
    assert (row.is_host, row.waited_at, row.left_at) == (False, WAITED, JOINED)
    assert "髙橋" not in row.participant


def test_the_host_before_the_host_is_the_host(meeting, zoom_tells) -> None:
    zoom_tells(event("meeting.participant_jbh_joined", WAITED, participant={"id": HOST_ID, "user_name": "x"}))
    assert Attendance.objects.get().is_host is True


def test_meetings_of_others_are_passed_over(meeting, zoom_tells) -> None:
    zoom_tells(event("meeting.started", TEN, id="81111111111"))
    assert not Attendance.objects.exists()
    assert not WebhookDelivery.objects.unprocessed().exists()


@pytest.mark.parametrize("state", [MeetingState.CLOSING, MeetingState.CLOSED, MeetingState.CHANGING])
def test_what_comes_late_belongs_to_the_row_that_had_the_number(meeting, zoom_tells, state) -> None:
    OnlineMeeting.objects.update(state=state)
    newer = open_meeting_of(meeting.reservation, meeting_id="81111111111") if state != "changing" else None
    zoom_tells(SESSION[4])
    assert Attendance.objects.get().meeting == meeting
    assert newer is None or not newer.attendances.exists()


def test_a_link_with_the_same_number_is_not_meant(world, zoom_tells) -> None:
    open_meeting_of(world.reservation, software="link")
    zoom_tells(SESSION[4])
    assert not Attendance.objects.exists()


def test_a_notice_is_taken_once(meeting, zoom_tells) -> None:
    zoom_tells(SESSION[4])
    Attendance.objects.all().delete()
    assert take_notice(WebhookDelivery.objects.get().pk, now=NOW) is False
    assert not Attendance.objects.exists()


def test_the_sweeper_takes_what_nobody_was_woken_for(meeting, webhooks_on, freeze, now) -> None:
    post(SESSION[4])
    freeze(now + 29 * timedelta(seconds=1))
    assert take_notices_left_behind() == 0
    freeze(now + 30 * timedelta(seconds=1))
    assert take_notices_left_behind() == 1
    assert Attendance.objects.count() == 1
    assert take_notices_left_behind() == 0


def test_a_notice_that_cannot_be_taken_stays_for_the_sweeper(meeting, webhooks_on, monkeypatch) -> None:
    post(SESSION[4])

    def fails(*_args: Any, **_more: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(AttendanceQuerySet, "note", fails)
        with pytest.raises(RuntimeError):
            take_notice(WebhookDelivery.objects.get().pk, now=NOW)
    assert WebhookDelivery.objects.unprocessed().exists()
    assert take_notice(WebhookDelivery.objects.get().pk, now=NOW) is True


def test_a_notice_is_worth_more_than_what_was_asked_for(meeting) -> None:
    key = {"instance": INSTANCE, "participant": "1", "is_host": False}
    Attendance.objects.note(meeting, **key, seen_by=SeenBy.WEBHOOK, joined_at=JOINED)
    Attendance.objects.note(meeting, **key, seen_by=SeenBy.POLL, joined_at=JOINED, left_at=LEFT)
    row = Attendance.objects.get()
    assert (row.seen_by, row.left_at) == (SeenBy.WEBHOOK, LEFT)


# --- Somebody changed the meeting in Zoom's portal --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["meeting.updated", "meeting.deleted"])
def test_a_change_in_zoom_only_makes_the_portal_ask(
    meeting, webhooks_on, name, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    called = []
    monkeypatch.setattr(attend, "call_worker", lambda task, pk: called.append((task.name, pk)))
    post(event(name, TEN, id=int(MEETING_ID)))
    with django_capture_on_commit_callbacks(execute=True):
        take_notice(WebhookDelivery.objects.get().pk, now=NOW)
    assert called == [("booking.tasks.check_meeting", meeting.pk)]
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.OPEN
    assert not Attendance.objects.exists()


# --- How long it is kept ----------------------------------------------------------------------------------------------


def test_notices_go_after_a_week_and_stays_with_the_topic(meeting, zoom_tells, freeze, now) -> None:
    zoom_tells(SESSION[4])
    end = meeting.reservation.ends_at
    for moment, notices, stays_left in [
        (now + timedelta(days=7) - timedelta(seconds=1), 1, 1),
        (now + timedelta(days=7), 0, 1),
        (end + timedelta(days=90) - timedelta(seconds=1), 0, 1),
        (end + timedelta(days=90), 0, 0),
    ]:
        freeze(moment)
        purge_personal_data()
        assert (WebhookDelivery.objects.count(), Attendance.objects.count()) == (notices, stays_left)

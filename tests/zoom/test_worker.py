"""The whole way through a real Celery worker: the row is written, the message is only a wake-up call."""

import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from booking.enums import MeetingState
from booking.flows.online_meeting import move_meeting
from booking.models import OnlineMeeting
from booking.periodic import wake_up_meetings
from booking.tasks import open_meeting
from tests.zoom.conftest import requested_meeting

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until_open(meeting: OnlineMeeting) -> None:
    meeting.refresh_from_db()
    deadline = time.monotonic() + 20
    while meeting.state != MeetingState.OPEN and time.monotonic() < deadline:
        time.sleep(0.1)
        meeting.refresh_from_db()
    assert meeting.state == MeetingState.OPEN, meeting.error


def test_a_worker_opens_and_changes_what_was_committed_and_what_was_left_behind(zoom_stand_in, celery_worker_process):
    celery_worker_process(PORTAL_DEMO="1")
    now = timezone.now().replace(microsecond=0)  # sessions begin on the minute; Zoom knows seconds
    with transaction.atomic():
        committed = requested_meeting(now, starts_at=now + timedelta(hours=1))
        open_meeting.delay_on_commit(committed.pk)
    wait_until_open(committed)

    reservation = committed.reservation
    reservation.starts_at, reservation.ends_at = now + timedelta(hours=5), now + timedelta(hours=6)
    reservation.host_until = reservation.ends_at
    reservation.save(update_fields=["starts_at", "ends_at", "host_until"])
    with transaction.atomic():
        move_meeting(reservation, now=now, host_stays=True)
    wait_until_open(committed)
    assert [meeting["duration"] for meeting in zoom_stand_in.meetings] == [60]

    left_behind = requested_meeting(now, starts_at=now + timedelta(hours=1))
    assert wake_up_meetings() == 1
    wait_until_open(left_behind)
    assert {meeting["agenda"] for meeting in zoom_stand_in.meetings} == {
        f"ref:{committed.ref}",
        f"ref:{left_behind.ref}",
    }

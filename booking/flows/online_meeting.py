"""The meeting row that goes with a reservation: asked for and given up in the transaction of its cause."""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from booking.enums import MeetingState
from booking.models import OnlineMeeting, Reservation
from booking.tasks import close_meeting, open_meeting
from mailing.wake_up import call_worker


def request_meeting(reservation: Reservation, *, now: datetime) -> OnlineMeeting:
    """Write the row and wake the worker after the commit."""
    meeting = OnlineMeeting.objects.create(
        reservation=reservation,
        software=reservation.service.software,
        host=reservation.counselor.meeting_host,
        starts_at=reservation.starts_at,
        minutes=(reservation.ends_at - reservation.starts_at) // timedelta(minutes=1),
        requested_at=now,
        next_attempt_at=now,
    )
    transaction.on_commit(partial(call_worker, open_meeting, meeting.pk))
    return meeting


def give_up_meeting(reservation: Reservation, *, now: datetime) -> None:
    """The reservation will not take place: mark its meeting for closing and wake the worker after the commit."""
    for meeting in OnlineMeeting.objects.lock().live().filter(reservation=reservation):
        meeting.state = MeetingState.CLOSING
        meeting.next_attempt_at = now
        meeting.save(update_fields=["state", "next_attempt_at"])
        transaction.on_commit(partial(call_worker, close_meeting, meeting.pk))

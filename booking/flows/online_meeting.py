"""The meeting row that goes with a reservation: asked for, moved and given up in the transaction of its cause."""

from datetime import datetime
from functools import partial

from django.db import transaction

from booking.enums import CAN_BE_ENTERED, MeetingState
from booking.models import OnlineMeeting, Reservation
from booking.tasks import change_meeting, close_meeting, open_meeting
from mailing.wake_up import call_worker


def request_meeting(reservation: Reservation, *, now: datetime) -> OnlineMeeting:
    """Write the row and wake the worker after the commit."""
    meeting = OnlineMeeting.objects.request_for(reservation, now=now)
    transaction.on_commit(partial(call_worker, open_meeting, meeting.pk))
    return meeting


def move_meeting(reservation: Reservation, *, now: datetime, host_stays: bool) -> None:
    """The meeting follows the reservation, whose row has its new time already.

    With the same host number, link and passcode stay; Zoom cannot give a meeting to another host, so then it is
    replaced. Call it in the transaction of the move; wakes the worker after the commit.
    """
    if not host_stays:
        give_up_meeting(reservation, now=now)
        request_meeting(reservation, now=now)
        return
    for meeting in OnlineMeeting.objects.lock().live().filter(reservation=reservation):
        _take_new_time(meeting, reservation=reservation, now=now)


def _take_new_time(meeting: OnlineMeeting, *, reservation: Reservation, now: datetime) -> None:
    """One that is not open yet keeps its turn: after a lost answer Zoom needs the pause to list what it made."""
    meeting.starts_at = reservation.starts_at
    meeting.ends_at = reservation.ends_at
    if meeting.state in CAN_BE_ENTERED:
        meeting.state = MeetingState.CHANGING
        meeting.next_attempt_at = now
        transaction.on_commit(partial(call_worker, change_meeting, meeting.pk))
    elif meeting.state == MeetingState.FAILED:
        meeting.state = MeetingState.REQUESTED
        meeting.error = ""
        meeting.requested_at = meeting.next_attempt_at = now
        transaction.on_commit(partial(call_worker, open_meeting, meeting.pk))
    meeting.save(update_fields=["starts_at", "ends_at", "state", "error", "requested_at", "next_attempt_at"])


def give_up_meeting(reservation: Reservation, *, now: datetime) -> None:
    """The reservation will not take place: mark its meeting for closing and wake the worker after the commit."""
    for meeting in OnlineMeeting.objects.lock().live().filter(reservation=reservation):
        meeting.state = MeetingState.CLOSING
        meeting.next_attempt_at = now
        meeting.save(update_fields=["state", "next_attempt_at"])
        transaction.on_commit(partial(call_worker, close_meeting, meeting.pk))

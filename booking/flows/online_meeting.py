"""The meeting row that goes with a reservation: asked for, moved and given up in the transaction of its cause."""

from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction

from booking.enums import CAN_BE_ENTERED, WAITING_FOR_EFFECT, MeetingState
from booking.meetings import can
from booking.meetings.protocol import Capability
from booking.models import OnlineMeeting, Reservation
from booking.models.meeting import is_link_taken
from booking.tasks import change_meeting, close_meeting, open_meeting
from mailing.wake_up import call_worker
from offices.enums import MeetingSoftware


def request_meeting(reservation: Reservation, *, now: datetime) -> OnlineMeeting:
    """Write the row; where a software is to be asked for it, wake the worker after the commit."""
    meeting = OnlineMeeting.objects.request_for(reservation, now=now)
    if meeting.state in WAITING_FOR_EFFECT:
        transaction.on_commit(partial(call_worker, open_meeting, meeting.pk))
    return meeting


def move_meeting(reservation: Reservation, *, now: datetime, host_stays: bool) -> None:
    """The meeting follows the reservation, whose row has its new time already.

    With the same host number, link and passcode stay; Zoom cannot give a meeting to another host, so then it is
    replaced. A link of the pool follows when it is free then. One that was entered for a session never serves another
    time: the row is replaced, with a link of the pool or none. A service that uses another software by now gets that.
    Call it in the transaction of the move; wakes the worker after the commit.
    """
    rows = OnlineMeeting.objects.lock().live().select_related("link")
    meeting = rows.filter(reservation=reservation).first()
    can_follow = meeting is not None and _can_follow(meeting, reservation=reservation, host_stays=host_stays)
    if meeting is None or not can_follow or not _follow(meeting, reservation=reservation, now=now):
        give_up_meeting(reservation, now=now)
        request_meeting(reservation, now=now)


def _can_follow(meeting: OnlineMeeting, *, reservation: Reservation, host_stays: bool) -> bool:
    if meeting.software != reservation.service.software:
        return False
    match MeetingSoftware(meeting.software):
        case MeetingSoftware.ZOOM:
            return host_stays
        case MeetingSoftware.LINK:
            link = meeting.link
            return link is not None and link.is_active and link.url == meeting.join_url
        case MeetingSoftware.PHONE:
            return True


def _follow(meeting: OnlineMeeting, *, reservation: Reservation, now: datetime) -> bool:
    """Take the new time; False when the link is not free then. Without a software to be told, that is all."""
    meeting.starts_at, meeting.ends_at = reservation.starts_at, reservation.ends_at
    if can(meeting.software, Capability.CHANGE):
        _tell_new_time(meeting, now=now)
        return True
    if meeting.link is not None and not OnlineMeeting.objects.is_link_free(meeting.link, meeting):
        return False
    try:
        with transaction.atomic():
            meeting.save(update_fields=["starts_at", "ends_at"])
    except IntegrityError as lost:
        if not is_link_taken(lost):
            raise
        return False
    return True


def _tell_new_time(meeting: OnlineMeeting, *, now: datetime) -> None:
    """One that is not open yet keeps its turn: after a lost answer Zoom needs the pause to list what it made."""
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
    """The reservation will not take place: nobody can be led to its meeting any more.

    Where the software is to be told, the row is marked for closing and a worker woken after the commit. Else it is
    closed at once, and its link free again.
    """
    for meeting in OnlineMeeting.objects.lock().live().filter(reservation=reservation):
        if not can(meeting.software, Capability.CANCEL):
            close_at_once(meeting)
            continue
        meeting.state = MeetingState.CLOSING
        meeting.next_attempt_at = now
        meeting.save(update_fields=["state", "next_attempt_at"])
        transaction.on_commit(partial(call_worker, close_meeting, meeting.pk))


def close_at_once(meeting: OnlineMeeting, *, why: str = "") -> None:
    """`why` is for staff, who read it beside the row."""
    meeting.state = MeetingState.CLOSED
    meeting.error = why
    meeting.save(update_fields=["state", "error"])

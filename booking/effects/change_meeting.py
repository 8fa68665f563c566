from datetime import datetime

from django.db import transaction

from booking.effects.close_meeting import close_meeting
from booking.effects.leases import claim, explain_deviations, give_back, is_due, locked
from booking.effects.orders import Order, is_over, order_of
from booking.effects.quota import counted
from booking.enums import UPCOMING, MeetingState
from booking.mails.reservations import queue_new_link
from booking.meetings import provider
from booking.meetings.errors import InvalidRequest, MeetingError, MeetingGone
from booking.meetings.protocol import CreatedMeeting
from booking.models import OnlineMeeting, Reservation
from mailing.queue import wake


def change_meeting(meeting_pk: int, *, now: datetime) -> None:
    """The meeting software knows the time in the row; number, link and passcode stay. Safe to run twice.

    No transaction is open and no row is locked while the meeting software answers. When the row was moved once more
    meanwhile, the newer time is sent at once; when the reservation was cancelled, the meeting is closed. A meeting that
    somebody deleted in Zoom is replaced by a new row, and the person is told the new link.
    """
    with transaction.atomic():
        order = _claim(meeting_pk, now=now)
    if order is None:
        return
    try:
        with counted(order.request.host, now=now):
            changed = provider(order.software).change(order.meeting_id, order.request, now=now)
    except MeetingError as failure:
        with transaction.atomic():
            _settle_failure(order, failure=failure, now=now)
    else:
        with transaction.atomic():
            _settle(order, changed=changed, now=now)
    close_meeting(meeting_pk, now=now)
    change_meeting(meeting_pk, now=now)


def _claim(meeting_pk: int, *, now: datetime) -> Order | None:
    reservation, meeting = locked(meeting_pk)
    if meeting.state != MeetingState.CHANGING or not is_due(meeting, now=now):
        return None
    if reservation.status not in UPCOMING:
        _leave(meeting, state=MeetingState.CLOSING, now=now)
        return None
    if is_over(meeting, now=now):
        _leave(meeting, state=MeetingState.OPEN, now=now)
        return None
    claim(meeting, now=now)
    return order_of(meeting, now=now)


def _settle(order: Order, *, changed: CreatedMeeting, now: datetime) -> None:
    reservation, meeting = locked(order.meeting_pk)
    if not _is_still_ours(meeting, order=order):
        return
    if _must_close(meeting, reservation=reservation):
        _leave(meeting, state=MeetingState.CLOSING, now=now)
    elif _was_moved_again(meeting, order=order):
        _leave(meeting, state=MeetingState.CHANGING, now=now)
    elif _was_passed_over(changed, order=order):
        give_back(meeting, failure=InvalidRequest("start_time passed over"), now=now)
    else:
        _leave(meeting, state=MeetingState.OPEN, error=explain_deviations(changed), now=now)
        wake(str(reservation.uuid), now=now)


def _settle_failure(order: Order, *, failure: MeetingError, now: datetime) -> None:
    reservation, meeting = locked(order.meeting_pk)
    if not _is_still_ours(meeting, order=order):
        return
    if _must_close(meeting, reservation=reservation):
        _leave(meeting, state=MeetingState.CLOSING, now=now)
    elif isinstance(failure, MeetingGone):
        _replace(meeting, reservation=reservation, now=now)
    else:
        give_back(meeting, failure=failure, now=now)


def _is_still_ours(meeting: OnlineMeeting, *, order: Order) -> bool:
    is_waiting = meeting.state in (MeetingState.CHANGING, MeetingState.CLOSING)
    return is_waiting and meeting.attempts == order.attempts


def _was_moved_again(meeting: OnlineMeeting, *, order: Order) -> bool:
    return (meeting.starts_at, meeting.minutes) != (order.starts_at, order.minutes)


def _was_passed_over(changed: CreatedMeeting, *, order: Order) -> bool:
    """Zoom may say yes and change nothing (zoom contract C.3); each time costs one of the host's calls of the day."""
    has_told = changed.starts_at is not None
    return has_told and (changed.starts_at, changed.minutes) != (order.request.starts_at, order.request.minutes)


def _must_close(meeting: OnlineMeeting, *, reservation: Reservation) -> bool:
    return meeting.state == MeetingState.CLOSING or reservation.status not in UPCOMING


def _leave(meeting: OnlineMeeting, *, state: MeetingState, now: datetime, error: str = "") -> None:
    """End the claim; a state that waits for an effect is due at once."""
    meeting.state = state
    meeting.error = error
    meeting.leased_until = None
    meeting.next_attempt_at = now
    meeting.save(update_fields=["state", "error", "leased_until", "next_attempt_at"])


def _replace(meeting: OnlineMeeting, *, reservation: Reservation, now: datetime) -> None:
    """The sweeper finds the new row; its mail waits for it."""
    _leave(meeting, state=MeetingState.CLOSED, now=now)
    OnlineMeeting.objects.request_for(reservation, now=now)
    queue_new_link(reservation, now=now)

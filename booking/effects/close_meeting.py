from datetime import datetime

from django.db import transaction

from booking.effects.leases import claim, give_back, is_due, locked
from booking.enums import MeetingState
from booking.meetings import provider
from booking.meetings.errors import MeetingError
from booking.models import OnlineMeeting


def close_meeting(meeting_pk: int, *, now: datetime) -> None:
    """Nobody can enter the meeting of this row any more. Safe to run twice; a meeting that is gone already is success.

    A row whose meeting was asked for but never confirmed is looked up by its mark first. While a worker is still
    asking for it, this waits for the end of that worker's claim, so that nothing appears behind its back.
    """
    with transaction.atomic():
        meeting = _claim(meeting_pk, now=now)
    if meeting is None:
        return
    try:
        _cancel_all(meeting)
    except MeetingError as failure:
        with transaction.atomic():
            _settle_failure(meeting, failure=failure, now=now)
        return
    with transaction.atomic():
        _settle(meeting)


def _claim(meeting_pk: int, *, now: datetime) -> OnlineMeeting | None:
    _reservation, meeting = locked(meeting_pk)
    if meeting.state != MeetingState.CLOSING:
        return None
    if not is_due(meeting, now=now):
        _wait_for_lease(meeting)
        return None
    if not meeting.attempts and not meeting.meeting_id:
        _closed(meeting)
        return None
    claim(meeting, now=now)
    return meeting


def _wait_for_lease(meeting: OnlineMeeting) -> None:
    if meeting.leased_until is not None and meeting.next_attempt_at < meeting.leased_until:
        meeting.next_attempt_at = meeting.leased_until
        meeting.save(update_fields=["next_attempt_at"])


def _cancel_all(meeting: OnlineMeeting) -> None:
    software = provider(meeting.software)
    if meeting.meeting_id:
        ids: tuple[str, ...] = (meeting.meeting_id,)
    else:
        ids = software.find_by_ref(meeting.host, ref=meeting.ref)
    for meeting_id in ids:
        software.cancel(meeting_id)


def _settle(claimed: OnlineMeeting) -> None:
    _reservation, meeting = locked(claimed.pk)
    if meeting.state == MeetingState.CLOSING and meeting.attempts == claimed.attempts:
        _closed(meeting)


def _settle_failure(claimed: OnlineMeeting, *, failure: MeetingError, now: datetime) -> None:
    _reservation, meeting = locked(claimed.pk)
    if meeting.state == MeetingState.CLOSING and meeting.attempts == claimed.attempts:
        give_back(meeting, failure=failure, now=now)


def _closed(meeting: OnlineMeeting) -> None:
    meeting.state = MeetingState.CLOSED
    meeting.leased_until = None
    meeting.error = ""
    meeting.save(update_fields=["state", "leased_until", "error"])

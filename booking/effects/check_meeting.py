from datetime import datetime

from django.db import transaction

from booking.effects.change_meeting import change_meeting
from booking.effects.leases import locked
from booking.effects.orders import earliest_start, is_over
from booking.enums import UPCOMING, MeetingState
from booking.meetings import provider
from booking.meetings.errors import MeetingError, MeetingGone
from booking.meetings.protocol import Capability, CreatedMeeting
from booking.models import OnlineMeeting


def check_meeting(meeting_pk: int, *, now: datetime) -> None:
    """Somebody may have changed the meeting in Zoom's own portal: ask, and put right what is wrong. Safe to run twice.

    Only asking: our own changes are told by the same notices, and answering them with a change would never end. When
    Zoom does not answer, the nightly sweep asks again.
    """
    meeting = OnlineMeeting.objects.get(pk=meeting_pk)
    software = provider(meeting.software)
    if not _is_in_use(meeting, now=now) or Capability.CHANGE not in software.capabilities:
        return
    found: CreatedMeeting | None = None
    try:
        found = software.read(meeting.meeting_id)
    except MeetingGone:
        pass
    except MeetingError:
        return
    with transaction.atomic():
        is_wrong = _settle(meeting, found=found, now=now)
    if is_wrong:
        change_meeting(meeting_pk, now=now)


def _is_in_use(meeting: OnlineMeeting, *, now: datetime) -> bool:
    return meeting.state == MeetingState.OPEN and not is_over(meeting, now=now)


def _settle(asked: OnlineMeeting, *, found: CreatedMeeting | None, now: datetime) -> bool:
    """True when the meeting has to be changed back; one that is gone is replaced on that way."""
    reservation, meeting = locked(asked.pk)
    was_touched = (meeting.starts_at, meeting.ends_at) != (asked.starts_at, asked.ends_at)
    if not _is_in_use(meeting, now=now) or was_touched or reservation.status not in UPCOMING:
        return False
    if found is not None:
        meeting.join_url, meeting.passcode = found.join_url, found.passcode
    if found is None or not _has_its_time(found, meeting=meeting, now=now):
        meeting.state, meeting.next_attempt_at = MeetingState.CHANGING, now
    meeting.save(update_fields=["join_url", "passcode", "state", "next_attempt_at"])
    return meeting.state == MeetingState.CHANGING


def _has_its_time(found: CreatedMeeting, *, meeting: OnlineMeeting, now: datetime) -> bool:
    """A session that has begun may have got the rest of its time only."""
    has_begun = meeting.starts_at < earliest_start(now)
    return has_begun or (found.starts_at, found.minutes) == (meeting.starts_at, meeting.minutes)

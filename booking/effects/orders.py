from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.meetings.protocol import MeetingRequest
from booking.models import OnlineMeeting

TOPIC = "ハローワーク オンライン職業相談"
"""The same for everybody: what Zoom shows and keeps names no person and no matter (zoom contract C.3)."""
SHORTEST_LEAD = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a claimed row asks for; `attempts` tells whether the claim is still ours afterwards."""

    meeting_pk: int
    software: str
    attempts: int
    meeting_id: str
    starts_at: datetime
    minutes: int
    """With `starts_at` the time in the row: it may be moved while the meeting software answers."""
    request: MeetingRequest
    may_exist: bool = False
    """An earlier attempt may have made the meeting: its answer was lost, or its worker died."""


def order_of(meeting: OnlineMeeting, *, now: datetime, may_exist: bool = False) -> Order:
    return Order(
        meeting_pk=meeting.pk,
        software=meeting.software,
        attempts=meeting.attempts,
        meeting_id=meeting.meeting_id,
        starts_at=meeting.starts_at,
        minutes=meeting.minutes,
        request=request_of(meeting, now=now),
        may_exist=may_exist,
    )


def request_of(meeting: OnlineMeeting, *, now: datetime) -> MeetingRequest:
    """A session that has begun gets a meeting from the next minute to its end: Zoom takes a past start for "now"."""
    starts_at = max(meeting.starts_at, earliest_start(now).replace(microsecond=0))
    return MeetingRequest(
        host=meeting.host,
        starts_at=starts_at,
        minutes=max(-((starts_at - meeting.ends_at) // timedelta(minutes=1)), 1),
        topic=TOPIC,
        ref=meeting.ref,
    )


def earliest_start(now: datetime) -> datetime:
    return now + SHORTEST_LEAD


def is_over(meeting: OnlineMeeting, *, now: datetime) -> bool:
    """Whatever the meeting software did now would come after the session."""
    return earliest_start(now) >= meeting.ends_at

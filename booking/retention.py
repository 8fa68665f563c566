"""What is kept how long (settings.RETENTION, domain-and-standards B.6), carried out every night."""

from datetime import datetime

from django.conf import settings

from booking.enums import MeetingState
from booking.models import OnlineMeeting, Reservation


def purge_topics(now: datetime) -> int:
    """相談内容 goes 90 days after the session."""
    old = Reservation.objects.filter(ends_at__lte=now - settings.RETENTION["topic"])
    return old.exclude(topic="").update(topic="")


def purge_meeting_links(now: datetime) -> int:
    """Link and passcode are personal data: gone a day after the session."""
    old = OnlineMeeting.objects.filter(reservation__ends_at__lte=now - settings.RETENTION["meeting_link"])
    old.filter(state=MeetingState.OPEN).update(state=MeetingState.CLOSED)
    return old.exclude(join_url="", passcode="").update(join_url="", passcode="")

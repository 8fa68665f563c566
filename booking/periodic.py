"""What beat starts for reservations: find rows, call one flow or queue one task per row."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

from booking.enums import MeetingState
from booking.models import OnlineMeeting
from booking.tasks import close_meeting, open_meeting

MEETINGS_PER_SWEEP = 500


@shared_task(base=DjangoTask)
def wake_up_meetings() -> int:
    """One task per meeting whose next attempt is due, the longest waiting first; returns how many."""
    left_behind = OnlineMeeting.objects.left_behind(timezone.now()).order_by("next_attempt_at")
    rows = list(left_behind.values_list("pk", "state")[:MEETINGS_PER_SWEEP])
    for meeting_pk, state in rows:
        (close_meeting if state == MeetingState.CLOSING else open_meeting).delay(meeting_pk)
    return len(rows)

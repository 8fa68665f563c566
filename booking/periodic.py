"""What the beat starts: find rows, call one flow or queue one task per row. The times are in hellowork/celery.py."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

from booking.enums import MeetingState
from booking.errors import BookingError
from booking.flows.complete import complete
from booking.flows.hold import expire_hold
from booking.flows.no_show import mark_no_show
from booking.models import OnlineMeeting, Reservation
from booking.retention import delete_bare_holds, purge_meeting_links, purge_topics, strip_old_reservations
from booking.tasks import close_meeting, open_meeting

MEETINGS_PER_SWEEP = 500


@shared_task(base=DjangoTask)
def release_expired_holds() -> int:
    now = timezone.now()
    ids = list(Reservation.objects.expired_holds(now).values_list("pk", flat=True))
    return sum(expire_hold(pk, now=now) for pk in ids)


@shared_task(base=DjangoTask)
def cancel_no_shows() -> int:
    """The K-24 rule, judged again for each row under its lock."""
    now = timezone.now()
    ids = list(Reservation.objects.without_contact().filter(starts_at__lte=now).values_list("pk", flat=True))
    return sum(mark_no_show(pk, now=now) for pk in ids)


@shared_task(base=DjangoTask)
def complete_past_sessions() -> int:
    """Who came or called, and whose time is over, is done."""
    now = timezone.now()
    completed = 0
    for reservation in Reservation.objects.with_contact().filter(ends_at__lte=now):
        try:
            complete(reservation, by=None, now=now)
        except BookingError:
            continue  # staff were faster: the row is no longer upcoming
        completed += 1
    return completed


@shared_task(base=DjangoTask)
def purge_personal_data() -> None:
    now = timezone.now()
    purge_topics(now)
    purge_meeting_links(now)
    strip_old_reservations(now)
    delete_bare_holds(now)


@shared_task(base=DjangoTask)
def wake_up_meetings() -> int:
    """One task per meeting whose next attempt is due, the longest waiting first; returns how many."""
    left_behind = OnlineMeeting.objects.left_behind(timezone.now()).order_by("next_attempt_at")
    rows = list(left_behind.values_list("pk", "state")[:MEETINGS_PER_SWEEP])
    for meeting_pk, state in rows:
        (close_meeting if state == MeetingState.CLOSING else open_meeting).delay(meeting_pk)
    return len(rows)

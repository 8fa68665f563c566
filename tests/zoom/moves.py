"""A session on Tuesday at 10:00 that is moved to Wednesday or Thursday, and what Zoom then holds."""

from datetime import datetime, timedelta

from django.db import transaction

from booking.enums import ReservationStatus
from booking.flows.online_meeting import give_up_meeting, move_meeting
from booking.models import OnlineMeeting, Reservation
from tests.factories import jst
from tests.zoom.stand_in import RunningStandIn

WEDNESDAY = jst(6, 3, 14)
THURSDAY = jst(6, 4, 9, 30)
WEDNESDAY_TEXT = "2026-06-03T05:00:00Z"
THURSDAY_TEXT = "2026-06-04T00:30:00Z"
TUESDAY_TEXT = "2026-06-02T01:00:00Z"


def moved(meeting: OnlineMeeting, *, now: datetime, to: datetime = WEDNESDAY, minutes: int = 30) -> OnlineMeeting:
    """What the flow of a move does, on rows read afresh."""
    with transaction.atomic():
        reservation = Reservation.objects.lock().get(pk=meeting.reservation_id)
        reservation.starts_at, reservation.ends_at = to, to + timedelta(minutes=minutes)
        reservation.host_until = reservation.ends_at
        reservation.save(update_fields=["starts_at", "ends_at", "host_until"])
        move_meeting(reservation, now=now, host_stays=True)
    meeting.refresh_from_db()
    return meeting


def cancelled(meeting: OnlineMeeting, *, now: datetime) -> None:
    with transaction.atomic():
        reservation = Reservation.objects.lock().get(pk=meeting.reservation_id)
        reservation.status = ReservationStatus.CANCELLED_BY_SEEKER
        reservation.save(update_fields=["status"])
        give_up_meeting(reservation, now=now)


def times(zoom_stand_in: RunningStandIn) -> list[tuple[str, int]]:
    return [(meeting["start_time"], meeting["duration"]) for meeting in zoom_stand_in.meetings]

"""Zoom told who came or went: the notice becomes a stay of the meeting it is about (zoom contract C.9)."""

from datetime import datetime
from functools import partial

from django.db import transaction

from booking.enums import ReservationStatus, SeenBy
from booking.evidence import evidence_of
from booking.mails.decisions import queue_decision_wanted
from booking.meetings.zoom.notices import CHANGED_IN_ZOOM, STAYS
from booking.models import Attendance, OnlineMeeting, Reservation, WebhookDelivery
from booking.tasks import check_meeting
from mailing.wake_up import call_worker
from offices.enums import MeetingSoftware


def take_notice(delivery_id: int, *, now: datetime) -> bool:
    """Understand one stored notice; False when that was done already. In any order, any number of times.

    Locks the delivery, then the reservation: what judges a no-show waits for the stay, or the stay comes after it.
    Of a meeting that was moved or closed meanwhile the row that had its number is meant; others' meetings are passed over.
    """
    with transaction.atomic():
        delivery = WebhookDelivery.objects.lock().unprocessed().filter(pk=delivery_id).first()
        if delivery is None:
            return False
        of_zoom = OnlineMeeting.objects.filter(software=MeetingSoftware.ZOOM, meeting_id=delivery.meeting_id)
        meeting = of_zoom.order_by("-pk").first()
        if meeting is not None:
            _take(delivery, meeting, now=now)
        delivery.processed_at = now
        delivery.save(update_fields=["processed_at"])
        return True


def _take(delivery: WebhookDelivery, meeting: OnlineMeeting, *, now: datetime) -> None:
    if delivery.event in CHANGED_IN_ZOOM:
        transaction.on_commit(partial(call_worker, check_meeting, meeting.pk))
        return
    reservation = Reservation.objects.lock().with_facts().get(pk=meeting.reservation_id)
    told = delivery.body
    Attendance.objects.note(
        meeting,
        instance=told["instance"],
        participant=told["participant"],
        is_host=told["is_host"],
        seen_by=SeenBy.WEBHOOK,
        **{STAYS[delivery.event]: datetime.fromisoformat(told["at"])},
    )
    if reservation.status == ReservationStatus.NO_SHOW and not told["is_host"]:
        _tell_of_late_sign(reservation, now=now)


def _tell_of_late_sign(reservation: Reservation, *, now: datetime) -> None:
    """The person was called absent before the notice came: undoing it is for staff, who can call the person."""
    if evidence_of(reservation).person_seen_at is not None:
        queue_decision_wanted(reservation, person_came=True, was_no_show=True, now=now)

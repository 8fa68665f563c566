"""Ten minutes after the start without check-in and without contact the reservation is deemed cancelled (K-24)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from booking.db import constraint_as_booking_error, flow_transaction
from booking.enums import Action
from booking.errors import BookingError
from booking.flows.online_meeting import give_up_meeting, request_meeting
from booking.mails import queue_new_link, queue_no_show
from booking.models import Counselor, Reservation
from booking.rules.windows import is_no_show_due
from booking.transitions import apply


def mark_no_show(reservation_id: int, *, now: datetime) -> bool:
    """Judge the row again under its lock; False when the person came, called or cancelled. Safe to run twice."""
    with transaction.atomic():
        reservation = Reservation.objects.lock().with_facts().without_contact().filter(pk=reservation_id).first()
        if reservation is None or not is_no_show_due(reservation.starts_at, reservation.service.policy, now=now):
            return False
        apply(reservation, Action.MARK_NO_SHOW, actor=None, now=now)
        give_up_meeting(reservation, now=now)
        queue_no_show(reservation, now=now)
        return True


def undo_no_show(reservation: Reservation, *, by: Any, reason: str, now: datetime) -> Reservation:
    """Staff know better: the reservation stands again, counted as contacted; while its time runs, with a new link.

    The row takes up time again, so it queues like a new one: locks seeker, counselor, reservation (ADR 2). Raises
    BookingError reason_missing, wrong_status, or counselor_busy when the time was given to somebody else.
    """
    if not reason.strip():
        raise BookingError(_("取り消す理由を入力してください。"), code="reason_missing")
    busy = BookingError(_("この時間には、すでに別の予約が入っています。"), code="counselor_busy")
    errors = {"counselor_not_double_booked": busy, "seeker_not_double_booked": busy}
    with flow_transaction(), constraint_as_booking_error(errors):
        User.objects.lock().get(pk=reservation.seeker_id)
        Counselor.objects.lock().get(pk=reservation.counselor_id)
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        apply(locked, Action.UNDO_NO_SHOW, actor=by, now=now, reason=reason.strip())
        locked.contacted_at = now
        locked.save(update_fields=["contacted_at"])
        if now < locked.ends_at:
            request_meeting(locked, now=now)
            queue_new_link(locked, now=now)
        return locked

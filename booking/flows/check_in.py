"""The seeker is there (join button or staff), or has called: both stop the ten-minute rule."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from booking.clock import JST
from booking.db import flow_transaction
from booking.enums import Action, ReservationStatus
from booking.errors import BookingError
from booking.models import Reservation
from booking.rules.windows import join_opens_at
from booking.transitions import apply


def why_not_check_in(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why nobody can enter now, or None. Entering again is possible."""
    opens_at = join_opens_at(reservation.starts_at, reservation.service.policy)
    if now < opens_at:
        message = _("入室できるのは、%(time)sからです。時刻になったら、もう一度お試しください。")
        return BookingError(message % {"time": f"{opens_at.astimezone(JST):%H:%M}"}, code="join_not_open")
    if now >= reservation.ends_at:
        return BookingError(_("この相談の時間は終わりました。"), code="session_over")
    return None


def check_in(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """From the moment the join button opens until the end. Entering again changes nothing.

    Raises BookingError join_not_open, session_over or wrong_status.
    """
    with flow_transaction():
        locked = Reservation.objects.lock().select_related("service").get(pk=reservation.pk)
        refusal = why_not_check_in(locked, now=now)
        if refusal is not None:
            raise refusal
        if locked.status != ReservationStatus.CHECKED_IN:
            apply(locked, Action.CHECK_IN, actor=by, now=now)
            locked.checked_in_at = now
            locked.save(update_fields=["checked_in_at"])
        return locked


def mark_contacted(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """The seeker has called: the ten-minute rule no longer applies (K-24)."""
    with flow_transaction():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        apply(locked, Action.MARK_CONTACTED, actor=by, now=now)
        locked.contacted_at = now
        locked.save(update_fields=["contacted_at"])
        return locked

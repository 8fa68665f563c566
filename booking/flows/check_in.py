"""The seeker is there (join button or staff), or has called: both stop the ten-minute rule."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from booking.enums import Action, ReservationStatus
from booking.errors import BookingError
from booking.models import Reservation
from booking.rules.windows import join_opens_at
from booking.transitions import apply


def check_in(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """From the moment the join button opens until the end. Entering again changes nothing.

    Raises BookingError join_not_open, session_over or wrong_status.
    """
    with transaction.atomic():
        locked = Reservation.objects.lock().select_related("service").get(pk=reservation.pk)
        if now < join_opens_at(locked.starts_at, locked.service.policy):
            raise BookingError(
                _("入室できる時刻の前です。時刻になったら、もう一度「参加する」を押してください。"),
                code="join_not_open",
            )
        if now >= locked.ends_at:
            raise BookingError(_("この相談の時間は終わりました。"), code="session_over")
        if locked.status != ReservationStatus.CHECKED_IN:
            apply(locked, Action.CHECK_IN, actor=by, now=now)
            locked.checked_in_at = now
            locked.save(update_fields=["checked_in_at"])
        return locked


def mark_contacted(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """The seeker has called: the ten-minute rule no longer applies (K-24)."""
    with transaction.atomic():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        apply(locked, Action.MARK_CONTACTED, actor=by, now=now)
        locked.contacted_at = now
        locked.save(update_fields=["contacted_at"])
        return locked

"""The session is over."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from booking.enums import Action
from booking.errors import BookingError
from booking.models import Reservation
from booking.transitions import apply


def complete(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """By staff once the session has begun, by the portal after its end. Raises BookingError not_started, wrong_status."""
    with transaction.atomic():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        if now < locked.starts_at:
            raise BookingError(_("開始時刻の前に「終了」にすることはできません。"), code="not_started")
        apply(locked, Action.COMPLETE, actor=by, now=now)
        return locked

"""The session is over."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from booking.db import flow_transaction
from booking.enums import Action
from booking.errors import BookingError
from booking.models import Reservation
from booking.transitions import apply


def why_not_complete(reservation: Reservation, *, now: datetime) -> BookingError | None:
    if now < reservation.starts_at:
        return BookingError(_("開始時刻の前に「終了」にすることはできません。"), code="not_started")
    return None


def complete(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """By staff once the session has begun, by the portal after its end. Raises BookingError not_started, wrong_status."""
    with flow_transaction():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        refusal = why_not_complete(locked, now=now)
        if refusal is not None:
            raise refusal
        apply(locked, Action.COMPLETE, actor=by, now=now)
        return locked

"""Staff stop a running session at once (J-26, U-30, K-33, H-33, S-42)."""

from datetime import datetime
from typing import Any

from booking.db import flow_transaction
from booking.enums import Action, Ground, ReservationStatus
from booking.errors import BookingError
from booking.flows.check_in import why_not_check_in
from booking.flows.online_meeting import give_up_meeting
from booking.models import Reservation
from booking.refusals import refusal
from booking.transitions import apply


def why_not_stop(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """From the moment the room opens until the end; a session that takes longer, until somebody ends it."""
    refused = why_not_check_in(reservation, now=now)
    takes_longer = reservation.status == ReservationStatus.CHECKED_IN and now >= reservation.ends_at
    return None if takes_longer else refused


def stop(reservation: Reservation, *, by: Any, ground: str, reason: str, now: datetime) -> Reservation:
    """The meeting closes for everybody. Raises BookingError reason_missing, join_not_open, session_over, wrong_status."""
    if not reason.strip():
        raise refusal("reason_missing")
    with flow_transaction():
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        refused = why_not_stop(locked, now=now)
        if refused is not None:
            raise refused
        locked.stop_ground = Ground(ground)
        apply(locked, Action.STOP, actor=by, now=now, reason=reason.strip(), saving=["stop_ground"])
        give_up_meeting(locked, now=now)
        return locked

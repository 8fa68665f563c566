"""The session is over: with what came of it, when staff say so (H-29, S-10)."""

from datetime import datetime
from typing import Any

from booking.db import flow_transaction
from booking.enums import Action, Outcome, ReservationStatus
from booking.errors import BookingError
from booking.models import Reservation
from booking.refusals import refusal
from booking.transitions import apply, leave_event


def why_not_complete(reservation: Reservation, *, now: datetime) -> BookingError | None:
    if now < reservation.starts_at:
        return refusal("not_started")
    return None


def complete(
    reservation: Reservation, *, by: Any, now: datetime, outcome: str = "", internal_note: str | None = None
) -> Reservation:
    """By staff once the session has begun, by the portal after its end, which knows no outcome.

    `internal_note` None leaves what is there. Raises BookingError not_started or wrong_status.
    """
    with flow_transaction():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        refused = why_not_complete(locked, now=now)
        if refused is not None:
            raise refused
        columns = _tell(locked, by=by, outcome=outcome, internal_note=internal_note)
        apply(locked, Action.COMPLETE, actor=by, now=now, saving=columns)
        return locked


def record_outcome(
    reservation: Reservation, *, by: Any, now: datetime, outcome: str, internal_note: str | None = None
) -> Reservation:
    """Staff say later what came of a session that the portal ended, or correct it. Raises BookingError wrong_status."""
    with flow_transaction():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        if locked.status != ReservationStatus.COMPLETED:
            raise refusal("wrong_status", status=locked.get_status_display())
        locked.save(update_fields=_tell(locked, by=by, outcome=outcome, internal_note=internal_note))
        leave_event(
            locked, Action.COMPLETE, before=locked.status, actor=by, now=now, reason=str(Outcome(locked.outcome).label)
        )
        return locked


def _tell(locked: Reservation, *, by: Any, outcome: str, internal_note: str | None) -> list[str]:
    """Set what staff told; the columns to save. Staff who say nothing mean that the session took place."""
    if by is not None:
        locked.outcome = Outcome(outcome or Outcome.DONE)
    if internal_note is not None:
        locked.internal_note = internal_note.strip()
    return ["outcome", "internal_note"]

"""The seeker cancels until the service's cut-off (K-23); staff cancel at any time with a reason."""

from datetime import datetime
from typing import Any

from booking.db import flow_transaction
from booking.deadlines import why_not_cancel_now
from booking.enums import AWAITING, Action
from booking.errors import BookingError
from booking.flows.online_meeting import give_up_meeting
from booking.mails.reservations import queue_cancellation
from booking.models import Reservation, SessionRequest
from booking.refusals import refusal, refusal_for
from booking.transitions import apply, is_allowed


def why_not_cancel(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why the person cannot cancel in the portal now, or None.

    Who has not confirmed yet, by link or reply, may step back at any time: there is nothing firm to cancel.
    """
    if not is_allowed(reservation, Action.CANCEL_BY_SEEKER):
        return refusal("wrong_status", status=reservation.get_status_display())
    if reservation.status in AWAITING:
        return None
    reason = why_not_cancel_now(reservation, now=now)
    return refusal_for(reason, office=reservation.office) if reason else None


def cancel_by_seeker(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """Raises BookingError wrong_status, cancel_by_phone, cancel_by_phone_or_mail, past_cancellation_deadline, past_deadline_write."""
    with flow_transaction():
        locked = _lock(reservation)
        refused = why_not_cancel(locked, now=now)
        if refused is not None:
            raise refused
        _cancel(locked, Action.CANCEL_BY_SEEKER, by=by, now=now)
        return locked


def cancel_by_office(reservation: Reservation, *, by: Any, reason: str, now: datetime) -> Reservation:
    """The seeker is told, with the reason. Raises BookingError reason_missing or wrong_status."""
    if not reason.strip():
        raise refusal("reason_missing")
    with flow_transaction():
        locked = _lock(reservation)
        _cancel(locked, Action.CANCEL_BY_OFFICE, by=by, now=now, reason=reason.strip())
        return locked


def withdraw(reservation: Reservation, *, by: Any, now: datetime) -> None:
    """The seeker leaves the portal: a confirmed reservation that the caller has locked ends, whatever the cut-off."""
    _cancel(reservation, Action.CANCEL_BY_SEEKER, by=by, now=now)


def _lock(reservation: Reservation) -> Reservation:
    return Reservation.objects.lock().with_facts().get(pk=reservation.pk)


def _cancel(reservation: Reservation, action: Action, *, by: Any, now: datetime, reason: str = "") -> None:
    apply(reservation, action, actor=by, now=now, reason=reason)
    SessionRequest.objects.lose_proposal(reservation)
    reservation.calendar_sequence += 1
    reservation.save(update_fields=["calendar_sequence"])
    give_up_meeting(reservation, now=now)
    queue_cancellation(reservation, by_office=action == Action.CANCEL_BY_OFFICE, reason=reason, now=now)

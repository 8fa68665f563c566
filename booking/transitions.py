"""The state machine: which status may follow which, as one table, and apply(), the only way through it."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from booking.enums import Action, ReservationStatus
from booking.errors import BookingError
from booking.models import Reservation, ReservationEvent

S = ReservationStatus

TRANSITIONS: dict[Action, tuple[frozenset[ReservationStatus], ReservationStatus]] = {
    Action.RESERVE: (frozenset({S.HELD}), S.CONFIRMED),
    Action.RELEASE: (frozenset({S.HELD}), S.RELEASED),
    Action.EXPIRE: (frozenset({S.HELD}), S.EXPIRED),
    Action.CANCEL_BY_SEEKER: (frozenset({S.CONFIRMED}), S.CANCELLED_BY_SEEKER),
    Action.CANCEL_BY_OFFICE: (frozenset({S.CONFIRMED, S.CHECKED_IN}), S.CANCELLED_BY_OFFICE),
    Action.MARK_CONTACTED: (frozenset({S.CONFIRMED}), S.CONFIRMED),
    Action.CHECK_IN: (frozenset({S.CONFIRMED}), S.CHECKED_IN),
    Action.MARK_NO_SHOW: (frozenset({S.CONFIRMED}), S.NO_SHOW),
    Action.UNDO_NO_SHOW: (frozenset({S.NO_SHOW}), S.CONFIRMED),
    Action.COMPLETE: (frozenset({S.CONFIRMED, S.CHECKED_IN}), S.COMPLETED),
}
"""action: (from any of these, to this). Action.HOLD has no row: it creates the reservation."""


def is_allowed(reservation: Reservation, action: Action) -> bool:
    return reservation.status in TRANSITIONS[action][0]


def apply(reservation: Reservation, action: Action, *, actor: Any, now: datetime, reason: str = "") -> None:
    """Change the status of a row that the caller has locked, and leave the event.

    `actor` is None for the portal itself. Raises BookingError `wrong_status` when the table does not allow it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("transitions.apply() needs the transaction that locked the row")
    if not is_allowed(reservation, action):
        message = _("この予約は「%(status)s」のため、この操作はできません。画面を読み込み直してください。")
        raise BookingError(message % {"status": reservation.get_status_display()}, code="wrong_status")
    before = reservation.status
    reservation.status = TRANSITIONS[action][1]
    reservation.save(update_fields=["status"])
    leave_event(reservation, action, before=before, actor=actor, now=now, reason=reason)


def leave_event(
    reservation: Reservation, action: Action, *, before: str, actor: Any, now: datetime, reason: str = ""
) -> None:
    ReservationEvent.objects.create(
        reservation=reservation,
        at=now,
        actor=actor,
        action=action,
        from_status=before,
        to_status=reservation.status,
        reason=reason,
    )

"""The state machine: which status may follow which, as one table, and apply(), the only way through it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from booking.enums import AWAITING, OCCUPYING, Action, ReservationStatus
from booking.freed import place_freed
from booking.models import Reservation, ReservationEvent
from booking.refusals import refusal

S = ReservationStatus

TRANSITIONS: dict[Action, tuple[frozenset[ReservationStatus], ReservationStatus | None]] = {
    Action.RESERVE: (frozenset({S.HELD}), S.CONFIRMED),
    Action.RELEASE: (frozenset({S.HELD}), S.RELEASED),
    Action.EXPIRE: (frozenset({S.HELD}), S.EXPIRED),
    Action.CONFIRM: (frozenset({S.AWAITING_LINK, S.AWAITING_REPLY, S.PROPOSED}), S.CONFIRMED),
    Action.TAKE_OFFER: (frozenset({S.OFFERED}), S.HELD),
    Action.DECLINE: (frozenset({S.PROPOSED, S.OFFERED}), S.DECLINED),
    Action.LAPSE: (frozenset(AWAITING), S.LAPSED),
    Action.MOVE: (frozenset({S.CONFIRMED}), None),
    Action.CANCEL_BY_SEEKER: (frozenset({S.CONFIRMED, S.AWAITING_LINK, S.AWAITING_REPLY}), S.CANCELLED_BY_SEEKER),
    Action.CANCEL_BY_OFFICE: (
        frozenset({S.CONFIRMED, S.CHECKED_IN, S.AWAITING_LINK, S.AWAITING_REPLY, S.PROPOSED, S.OFFERED}),
        S.CANCELLED_BY_OFFICE,
    ),
    Action.MARK_CONTACTED: (frozenset({S.CONFIRMED}), None),
    Action.MARK_PRESENT: (frozenset({S.CONFIRMED, S.CHECKED_IN}), None),
    Action.SWITCH_TO_PHONE: (frozenset({S.CONFIRMED, S.CHECKED_IN}), S.CHECKED_IN),
    Action.CHECK_IN: (frozenset({S.CONFIRMED}), S.CHECKED_IN),
    Action.MARK_NO_SHOW: (frozenset({S.CONFIRMED}), S.NO_SHOW),
    Action.UNDO_NO_SHOW: (frozenset({S.NO_SHOW}), S.CONFIRMED),
    Action.MARK_OFFICE_ABSENT: (frozenset({S.CONFIRMED, S.CHECKED_IN, S.NO_SHOW}), S.OFFICE_ABSENT),
    Action.STOP: (frozenset({S.CONFIRMED, S.CHECKED_IN}), S.STOPPED),
    Action.COMPLETE: (frozenset({S.CONFIRMED, S.CHECKED_IN}), S.COMPLETED),
}
"""action: (from any of these, to this; None stays). HOLD, REQUEST_BY_LINK, ENTER, PROPOSE and OFFER create the row."""


def is_allowed(reservation: Reservation, action: Action) -> bool:
    return reservation.status in TRANSITIONS[action][0]


def apply(
    reservation: Reservation,
    action: Action,
    *,
    actor: Any,
    now: datetime,
    reason: str = "",
    saving: Iterable[str] = (),
) -> None:
    """Change the status of a row that the caller has locked, and leave the event.

    `saving` names further columns that the caller has set, to be written with the status.
    `actor` is None for the portal itself. Raises BookingError `wrong_status` when the table does not allow it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("transitions.apply() needs the transaction that locked the row")
    if not is_allowed(reservation, action):
        raise refusal("wrong_status", status=reservation.get_status_display())
    before = reservation.status
    reservation.status = TRANSITIONS[action][1] or before
    reservation.save(update_fields=["status", *saving])
    leave_event(reservation, action, before=before, actor=actor, now=now, reason=reason)
    if action == Action.MOVE or (before in OCCUPYING and reservation.status not in OCCUPYING):
        place_freed(reservation)


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

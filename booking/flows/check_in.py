"""Both sides are there: the person (join button or staff), or the person has called; the office waits (K-24).

Entering and calling stop the ten-minute rule; the office's presence is what makes not coming the person's no-show.
"""

from datetime import datetime
from typing import Any

from booking.clock import JST
from booking.db import flow_transaction
from booking.deadlines import join_opens_at
from booking.enums import UPCOMING, Action, ReservationStatus
from booking.errors import BookingError
from booking.flows.reserve import refuse_without_consent
from booking.models import Reservation
from booking.refusals import refusal
from booking.transitions import apply


def why_not_check_in(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why nobody can enter now, or None. Entering again is possible."""
    opens_at = join_opens_at(reservation)
    if now < opens_at:
        return refusal("join_not_open", time=f"{opens_at.astimezone(JST):%H:%M}")
    if now >= reservation.ends_at:
        return refusal("session_over")
    return None


def check_in(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """From the moment the join button opens until the end. Entering again changes nothing.

    Raises BookingError join_not_open, session_over, wrong_status; consent_missing unless staff do it.
    """
    with flow_transaction():
        locked = _locked_in_time(reservation, now=now)
        if locked.status in UPCOMING and not getattr(
            by, "is_staff", False
        ):  # S-37: only who agrees to the newest terms goes on
            refuse_without_consent(locked.service, locked.person, now=now)
        if locked.status != ReservationStatus.CHECKED_IN:
            locked.checked_in_at = now
            saving = ["checked_in_at", *_presence(locked, by=by, now=now)]
            apply(locked, Action.CHECK_IN, actor=by, now=now, saving=saving)
        return locked


def mark_contacted(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """The seeker has called: the ten-minute rule no longer applies (K-24)."""
    with flow_transaction():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        locked.contacted_at = now
        apply(locked, Action.MARK_CONTACTED, actor=by, now=now, saving=["contacted_at"])
        return locked


def mark_present(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """The office waits for the person, from the moment the room opens. Pressing again changes nothing.

    Raises BookingError join_not_open, session_over or wrong_status.
    """
    with flow_transaction():
        locked = _locked_in_time(reservation, now=now)
        if saving := _presence(locked, by=by, now=now):
            apply(locked, Action.MARK_PRESENT, actor=by, now=now, saving=saving)
        return locked


def note_host(reservation: Reservation, *, by: Any, now: datetime) -> None:
    """The host's link was opened: evidence that the office is there, unless it was tried on another day."""
    if why_not_check_in(reservation, now=now) is None:
        mark_present(reservation, by=by, now=now)


def switch_to_phone(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """The connection fails: the session goes on by telephone (H-29, S-10). The meeting stays, for who comes back to it.

    Raises BookingError join_not_open, session_over or wrong_status.
    """
    with flow_transaction():
        locked = _locked_in_time(reservation, now=now)
        if locked.was_by_phone:
            return locked
        locked.switched_to_phone_at = now
        locked.checked_in_at = locked.checked_in_at or now
        saving = ["switched_to_phone_at", "checked_in_at", *_presence(locked, by=by, now=now)]
        apply(locked, Action.SWITCH_TO_PHONE, actor=by, now=now, saving=saving)
        return locked


def _locked_in_time(reservation: Reservation, *, now: datetime) -> Reservation:
    locked = Reservation.objects.lock().select_related("service").get(pk=reservation.pk)
    reason = why_not_check_in(locked, now=now)
    if reason is not None:
        raise reason
    return locked


def _presence(locked: Reservation, *, by: Any, now: datetime) -> list[str]:
    """Set the first moment at which the office was seen, when it is staff who act; the columns to save."""
    seen_at = locked.counselor_present_at
    is_known = seen_at is not None and seen_at >= join_opens_at(locked)
    if is_known or not getattr(by, "is_staff", False):
        return []
    locked.counselor_present_at = now
    return ["counselor_present_at"]

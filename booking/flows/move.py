"""Another time for the same reservation: the new place is taken and the old one given back in one transaction.

The row stays, so its number, its UID in calendars and, while the host stays, its meeting stay too.
"""

from datetime import datetime
from typing import Any

from booking.admission import admission
from booking.availability import Search, Slot, slot_at
from booking.db import flow_transaction
from booking.deadlines import booking_policy
from booking.enums import Action, Origin, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import why_not_cancel
from booking.flows.online_meeting import move_meeting
from booking.flows.place import Place, first_that_can, move_to, why_not_free
from booking.mails.move import queue_move
from booking.models import Counselor, OnlineMeeting, Reservation
from booking.models.guest import lock_person
from booking.policies import SELF_SERVICE
from booking.refusals import refusal

PAST_DEADLINE = frozenset({"past_cancellation_deadline", "past_deadline_write"})
"""To cancel; moving has its own words for the same moment."""


def why_not_move(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why the person cannot move it in the portal now, or None: until the cut-off for cancelling (K-23)."""
    office = reservation.office
    if reservation.status != ReservationStatus.CONFIRMED:
        return refusal("wrong_status", status=reservation.get_status_display())
    if booking_policy(reservation.service, now=now).way not in SELF_SERVICE:
        return refusal("move_by_phone", office=office)
    refused = why_not_cancel(reservation, now=now)
    if refused is not None and refused.code in PAST_DEADLINE:
        return refusal("past_moving_deadline", office=office)
    return refused


def move(
    reservation: Reservation, *, starts_at: datetime, by: Any, now: datetime, counselor: Counselor | None = None
) -> Reservation:
    """By the person, until the cut-off, to a time that the rules let them book; the reservation itself is left out of the limits.

    Locks person, counselor, hosts, reservation, meeting. Raises SlotTaken, seeker_busy, no_interpreter, no_host_free, same_time, wrong_status,
    move_by_phone, cancel_by_phone, cancel_by_phone_or_mail, past_moving_deadline, or what booking.admission refuses; then the old time stands.
    """
    with flow_transaction():
        lock_person(reservation.person)
        current = Reservation.objects.with_facts().get(pk=reservation.pk)
        refused = why_not_move(current, now=now) or _why_not_to(current, starts_at, counselor, now=now)
        if refused is not None:
            raise refused
        search = Search(
            service=current.service,
            now=now,
            person=current.person,
            counselor=counselor,
            language=current.office_interpreter,
            moving=current,
        )
        slot = slot_at(search, starts_at)
        if slot is None:
            raise why_not_free(search, starts_at)
        return _move(current, search, slot, _same_counselor_first(slot, current), by=by)


def move_by_office(reservation: Reservation, *, slot: Slot, by: Any, reason: str, now: datetime) -> Reservation:
    """By staff, with a reason, to any time to come: only the constraints of the database refuse. The person is told.

    `slot` names the one counselor. Raises reason_missing, time_is_past, slot_taken, no_host_free, seeker_busy or
    wrong_status.
    """
    if not reason.strip():
        raise refusal("reason_missing")
    if slot.starts_at < now:
        raise refusal("time_is_past")
    with flow_transaction():
        lock_person(reservation.person)
        current = Reservation.objects.with_facts().get(pk=reservation.pk)
        search = Search(service=current.service, now=now, person=current.person, moving=current, is_for_staff=True)
        return _move(current, search, slot, list(slot.counselor_ids), by=by, reason=reason.strip())


def _why_not_to(
    current: Reservation, starts_at: datetime, counselor: Counselor | None, *, now: datetime
) -> BookingError | None:
    if starts_at == current.starts_at and (counselor is None or counselor == current.counselor):
        return refusal("same_time")
    wish = admission(
        current.person,
        service=current.service,
        starts_at=starts_at,
        now=now,
        counselor=counselor.pk if counselor else None,
        ways=SELF_SERVICE,
        standing=current.standing or None,
        has_device=current.has_device,
        leaving_out=current,
    )
    return next(iter(wish.refusals()), None)


def _same_counselor_first(slot: Slot, current: Reservation) -> list[int]:
    """Then the host stays, and with it the meeting."""
    return sorted(slot.counselor_ids, key=lambda pk: pk != current.counselor_id)


def _move(
    current: Reservation, search: Search, slot: Slot, counselors: list[int], *, by: Any, reason: str = ""
) -> Reservation:
    """With the first counselor who can. Which host the meeting has is read under the reservation's lock."""
    place = Place(
        status=ReservationStatus.CONFIRMED,
        action=Action.MOVE,
        origin=Origin(current.origin),
        by=by,
        reason=reason,
        values={
            "calendar_sequence": current.calendar_sequence + 1,
            "contacted_at": None,
            "counselor_present_at": None,
            "needs_decision_since": None,
        },
    )
    moved = first_that_can(counselors, lambda counselor_id: move_to(search, slot, counselor_id, place=place))
    host = OnlineMeeting.objects.live().filter(reservation=moved).values_list("host", flat=True).first()
    move_meeting(moved, now=search.now, host_stays=host == (moved.meeting_host_id or ""))
    queue_move(moved, from_start=current.starts_at, reason=reason, now=search.now)
    return moved

"""An office closes its online booking to a person for a time, and opens it again (K-25, H-28, S-28, J-32, J-35, K-33)."""

from datetime import date, datetime
from typing import Any

from booking.clock import day_of
from booking.db import flow_transaction
from booking.enums import UPCOMING, Ground
from booking.mails.consequences import queue_restricted
from booking.models import Reservation, Restriction
from booking.models.guest import Guest, lock_person
from booking.models.reservation import ReservationQuerySet
from booking.refusals import refusal
from booking.rules.neutral_words import is_neutral
from offices.models import Office


def restrict(
    person: Any,
    *,
    office: Office,
    ground: str,
    reason: str,
    text: str,
    ends_on: date | None,
    by: Any,
    now: datetime,
    reservation: Reservation | None = None,
) -> Restriction:
    """From now on `booking.admission` refuses the person at this office; what is booked already stays.

    Under the person's lock, like booking: nobody slips through at the same second. Raises BookingError reason_missing,
    end_missing (no-shows end one day), end_is_past or words_not_neutral.
    """
    today = day_of(now)
    _judge(ground=ground, reason=reason, text=text, ends_on=ends_on, today=today)
    with flow_transaction():
        lock_person(person)
        whose = {"guest": person} if isinstance(person, Guest) else {"seeker": person}
        restriction = Restriction.objects.create(
            office=office,
            reservation=reservation,
            ground=Ground(ground),
            reason=reason.strip(),
            text=text.strip(),
            begins_on=today,
            ends_on=ends_on,
            decided_by=by,
            decided_at=now,
            **whose,
        )
        queue_restricted(restriction, now=now)
        return restriction


def lift(restriction: Restriction, *, by: Any, reason: str, now: datetime) -> Restriction:
    """The person may book again at once. Raises BookingError reason_missing or already_lifted."""
    if not reason.strip():
        raise refusal("reason_missing")
    with flow_transaction():
        lock_person(restriction.person)
        locked = Restriction.objects.lock().get(pk=restriction.pk)
        if locked.lifted_at is not None:
            raise refusal("already_lifted")
        locked.lifted_by, locked.lifted_at, locked.lifted_reason = by, now, reason.strip()
        locked.save(update_fields=["lifted_by", "lifted_at", "lifted_reason"])
        return locked


def coming_of(person: Any, *, office_id: int, now: datetime) -> ReservationQuerySet:
    """The reservations that a restriction leaves as they are: staff see them and decide about each."""
    coming = Reservation.objects.of_person(person).filter(office=office_id, status__in=UPCOMING, ends_at__gt=now)
    return coming.select_related("office", "service", "counselor").order_by("starts_at")


def _judge(*, ground: str, reason: str, text: str, ends_on: date | None, today: date) -> None:
    if not reason.strip() or not text.strip():
        raise refusal("reason_missing")
    if ends_on is None and ground == Ground.NO_SHOWS:
        raise refusal("end_missing")
    if ends_on is not None and ends_on < today:
        raise refusal("end_is_past")
    if not is_neutral(text):
        raise refusal("words_not_neutral")

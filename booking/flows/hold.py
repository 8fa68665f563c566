"""A chosen time is held for ten minutes while the details are typed. A person has one hold."""

from datetime import datetime
from typing import Any

from booking.admission import admission
from booking.availability import Search
from booking.db import flow_transaction
from booking.deadlines import booking_closes_at, booking_policy
from booking.enums import Action, BookingWay, Origin, ReservationStatus
from booking.flows.place import Place, take_place
from booking.models import Counselor, Reservation, Service
from booking.models.guest import lock_person
from booking.transitions import apply


def hold(
    *,
    service: Service,
    starts_at: datetime,
    seeker: Any,
    now: datetime,
    counselor: Counselor | None = None,
    language: str = "",
) -> Reservation:
    """Take the place for the policy's ten minutes, never past the closing of the booking.

    Locks the person, then one counselor at a time. The seeker's former hold is given back in the same transaction, and
    kept when the new place cannot be had. Raises SlotTaken, seeker_busy, no_interpreter, crowded, or what
    booking.admission refuses.
    """
    with flow_transaction():
        lock_person(seeker)
        wish = admission(
            seeker,
            service=service,
            starts_at=starts_at,
            now=now,
            counselor=counselor.pk if counselor else None,
            ways=frozenset({BookingWay.AT_ONCE}),
        )
        for refused in wish.refusals():
            raise refused
        search = Search(service=service, now=now, person=seeker, counselor=counselor, language=language)
        until = min(now + booking_policy(service, now=now).hold_lasts, booking_closes_at(service, starts_at, now=now))
        place = Place(status=ReservationStatus.HELD, action=Action.HOLD, origin=Origin.PORTAL, by=seeker, until=until)
        return take_place(search, starts_at, place=place)


def release(reservation: Reservation, *, by: Any, now: datetime) -> None:
    """The person gives the held time back. Nothing happens when it is no longer held."""
    with flow_transaction():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        if locked.status == ReservationStatus.HELD:
            apply(locked, Action.RELEASE, actor=by, now=now)

"""A place is taken: the one way in which a row comes to occupy a counselor's and a person's time.

Lock order: person, counselor, interpreters, reservation (ADR 2). The exclusion constraints have the last word.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from booking.availability import Search, Slot, has_interpreter, has_room, slot_at
from booking.db import constraint_as_booking_error
from booking.enums import Action, Origin, ReservationStatus
from booking.errors import BookingError, Reason, SlotTaken
from booking.flows.lapse import end_run_out
from booking.hosts import host_columns
from booking.models import Counselor, InterpreterHours, Reservation
from booking.refusals import refusal, refusal_for
from booking.transitions import apply, leave_event


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the new row will be. `until` is when it ends by itself; None for one that stands."""

    status: ReservationStatus
    action: Action
    origin: Origin
    by: Any
    until: datetime | None = None
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    """Further columns, for example what the person told."""


def take_place(search: Search, starts_at: datetime, *, place: Place) -> Reservation:
    """Take a free slot for the person of the search: with the counselor asked for, or with the one who has least to do.

    Call it inside flow_transaction, under the person's lock (models.guest.lock_person). The rules about the person
    (booking.admission) are the caller's. Raises SlotTaken, or BookingError seeker_busy, no_interpreter.
    """
    slot = slot_at(search, starts_at)
    if slot is None:
        raise why_not_free(search, starts_at)
    for counselor_id in slot.counselor_ids:
        try:
            return put_in(search, slot, counselor_id, place=place)
        except SlotTaken:
            continue
    raise refusal("slot_taken")


def put_in(search: Search, slot: Slot, counselor_id: int, *, place: Place, is_override: bool = False) -> Reservation:
    """Queue on the counselor's row, then insert. With `is_override` only the constraints of the database refuse.

    The savepoint gives the lock back when the place is gone, so that no two people wait for each other's counselors.
    """
    with constraint_as_booking_error(constraint_errors()):
        counselor = Counselor.objects.lock().get(pk=counselor_id)
        if not is_override:
            _ask_again(search, slot, counselor)
        for gone in _in_the_way(search, slot, counselor, keeps_hold=place.action == Action.OFFER):
            _give_back(gone, now=search.now)
        return _insert(search, slot, counselor, place=place)


def move_to(search: Search, slot: Slot, counselor_id: int, *, place: Place) -> Reservation:
    """Give `search.moving` another time (and counselor) in one statement; lost, it keeps the old one. Returns it locked.

    Only the constraints of the database refuse when the action has a reason: staff know better. Raises SlotTaken,
    seeker_busy or wrong_status, and then nothing has changed.
    """
    if search.moving is None:
        raise ValueError("the search names no reservation to be moved")
    with constraint_as_booking_error(constraint_errors()):
        counselor = Counselor.objects.lock().get(pk=counselor_id)
        if not place.reason:
            _ask_again(search, slot, counselor)
        for gone in _in_the_way(search, slot, counselor, keeps_hold=True):
            _give_back(gone, now=search.now)
        moved = Reservation.objects.lock().with_facts().get(pk=search.moving.pk)
        columns = {
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "counselor": counselor,
            **host_columns(counselor, software=moved.service.software, ends_at=slot.ends_at),
            **place.values,
        }
        for name, value in columns.items():
            setattr(moved, name, value)
        apply(moved, place.action, actor=place.by, now=search.now, reason=place.reason, saving=columns)
        return moved


def constraint_errors() -> dict[str, BookingError]:
    """What a violated constraint means to the person."""
    return {
        "counselor_not_double_booked": refusal("slot_taken"),
        "seeker_not_double_booked": refusal("seeker_busy"),
        "guest_not_double_booked": refusal("seeker_busy"),
        "one_hold_per_seeker": refusal("slot_taken"),
    }


def why_not_free(search: Search, starts_at: datetime) -> BookingError:
    """The time is not free: the person is busy, no interpreter is, it was taken, or it never was on offer."""
    office = search.service.office
    for_anybody = Search(
        service=search.service,
        now=search.now,
        counselor=search.counselor,
        language=search.language,
        is_for_staff=search.is_for_staff,
    )
    if search.person is not None and slot_at(for_anybody, starts_at) is not None:
        return refusal("seeker_busy")
    if search.language:
        without = Search(
            service=search.service, now=search.now, counselor=search.counselor, is_for_staff=search.is_for_staff
        )
        if slot_at(without, starts_at) is not None:
            return refusal_for(Reason("no_interpreter", {"language": search.language_name}), office=office)
    return refusal("slot_taken")


def _ask_again(search: Search, slot: Slot, counselor: Counselor) -> None:
    if not has_room(counselor, slot, search=search):
        raise refusal("slot_taken")
    if search.language:
        list(
            InterpreterHours.objects.lock().filter(office=counselor.office_id, language=search.language).order_by("pk")
        )
        if not has_interpreter(slot, search=search):
            raise refusal("slot_taken")


def _insert(search: Search, slot: Slot, counselor: Counselor, *, place: Place) -> Reservation:
    person = search.person
    whose = {"seeker": person} if isinstance(person, User) else {"guest": person}
    reservation = Reservation(
        office=search.service.office,
        service=search.service,
        counselor=counselor,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        status=place.status,
        hold_expires_at=place.until,
        origin=place.origin,
        office_interpreter=search.language,
        counselor_was_chosen=search.counselor is not None,
        reserved_at=None if place.status == ReservationStatus.HELD else search.now,
        **whose,
        **host_columns(counselor, software=search.service.software, ends_at=slot.ends_at),
        **place.values,
    )
    reservation.save(force_insert=True)
    leave_event(reservation, place.action, before="", actor=place.by, now=search.now, reason=place.reason)
    return reservation


def _in_the_way(search: Search, slot: Slot, counselor: Counselor, *, keeps_hold: bool = False) -> Iterable[Reservation]:
    """The person's own hold, and places on this time whose end has passed but which no sweeper met yet.

    An offer comes unasked (`keeps_hold`): whoever is typing for another time loses nothing.
    """
    gone = Reservation.objects.run_out(search.now).filter(counselor=counselor)
    gone = gone.touching(slot.starts_at, slot.ends_at)
    if isinstance(search.person, User) and not keeps_hold:
        gone |= Reservation.objects.holds().of_seeker(search.person)
    return gone.lock().order_by("pk")


def _give_back(gone: Reservation, *, now: datetime) -> None:
    if gone.status == ReservationStatus.HELD and gone.is_held(now=now):
        apply(gone, Action.RELEASE, actor=gone.seeker, now=now)
    else:
        end_run_out(gone, now=now)

"""A place is taken: the one way in which a row comes to occupy a counselor's and a person's time.

Lock order: person, counselor, meeting hosts, interpreters, reservation (ADR 2). The exclusion constraints have the last
word.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from accounts.models import User
from booking.availability import Search, Slot, has_interpreter, has_room, slot_at
from booking.db import constraint_as_booking_error
from booking.enums import Action, Origin, ReservationStatus
from booking.errors import BookingError, Reason, SlotTaken
from booking.flows.lapse import end_run_out
from booking.hosts import choose_host, host_columns, lock_hosts
from booking.models import Counselor, InterpreterHours, MeetingHost, Reservation, Service
from booking.refusals import refusal, refusal_for
from booking.transitions import apply, leave_event
from offices.enums import MeetingSoftware


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
    (booking.admission) are the caller's. Raises SlotTaken (also no_host_free), or BookingError seeker_busy, no_interpreter.
    """
    slot = slot_at(search, starts_at)
    if slot is None:
        raise why_not_free(search, starts_at)
    return first_that_can(slot.counselor_ids, lambda counselor_id: put_in(search, slot, counselor_id, place=place))


def first_that_can(
    counselor_ids: Iterable[int], take: Callable[[int], Reservation], *, else_code: str = "slot_taken"
) -> Reservation:
    """A race lost for one counselor is tried with the next. Where hosts were wanting, that is what the person is told."""
    refused = refusal(else_code)
    for counselor_id in counselor_ids:
        try:
            return take(counselor_id)
        except SlotTaken as lost:
            refused = lost if lost.code == "no_host_free" else refused
    raise refused


def put_in(search: Search, slot: Slot, counselor_id: int, *, place: Place, is_override: bool = False) -> Reservation:
    """Queue on the counselor's row, then insert. With `is_override` only the constraints of the database refuse.

    The savepoint gives the lock back when the place is gone, so that no two people wait for each other's counselors.
    """
    with constraint_as_booking_error(constraint_errors()):
        counselor = Counselor.objects.lock().with_own_host().get(pk=counselor_id)
        hosts = lock_hosts(counselor, software=search.service.software)
        if not is_override:
            _ask_again(search, slot, counselor)
        for gone in _in_the_way(search, slot, counselor, hosts, keeps_hold=place.action == Action.OFFER):
            _give_back(gone, now=search.now)
        return _insert(search, slot, counselor, place=place, host=_host(search, slot, counselor, hosts))


def move_to(search: Search, slot: Slot, counselor_id: int, *, place: Place) -> Reservation:
    """Give `search.moving` another time (and counselor) in one statement; lost, it keeps the old one. Returns it locked.

    Its meeting host stays where it can: one of the new counselor's that is free at the new time. Only the constraints of the database refuse when the action has a reason: staff know better. Raises SlotTaken,
    seeker_busy or wrong_status, and then nothing has changed.
    """
    if search.moving is None:
        raise ValueError("the search names no reservation to be moved")
    with constraint_as_booking_error(constraint_errors()):
        counselor = Counselor.objects.lock().with_own_host().get(pk=counselor_id)
        hosts = lock_hosts(counselor, software=search.service.software)
        if not place.reason:
            _ask_again(search, slot, counselor)
        for gone in _in_the_way(search, slot, counselor, hosts, keeps_hold=True):
            _give_back(gone, now=search.now)
        moved = Reservation.objects.lock().with_facts().get(pk=search.moving.pk)
        columns = {
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "counselor": counselor,
            **host_columns(_host(search, slot, counselor, hosts), ends_at=slot.ends_at),
            **place.values,
        }
        for name, value in columns.items():
            setattr(moved, name, value)
        apply(moved, place.action, actor=place.by, now=search.now, reason=place.reason, saving=columns)
        return moved


def host_of_session(
    counselor: Counselor,
    hosts: list[MeetingHost],
    *,
    service: Service,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    current: Reservation | None = None,
) -> MeetingHost | None:
    """One of the locked hosts; None where the software needs none. The host of `current`, whose time is not counted, may stay.

    Only the constraint judges a counselor's own host. Raises SlotTaken no_host_free.
    """
    if service.software != MeetingSoftware.ZOOM:
        return None
    if [host.pk for host in hosts] == [counselor.meeting_host_id]:
        return hosts[0]
    taken, preferred = Reservation.objects.occupying(now), None
    if current is not None:
        taken, preferred = taken.exclude(pk=current.pk), current.meeting_host_id
    host: MeetingHost | None = choose_host(
        hosts, starts_at=starts_at, ends_at=ends_at, taken=taken, now=now, preferred=preferred
    )
    if host is None:
        raise refusal("no_host_free")
    return host


def constraint_errors() -> dict[str, BookingError]:
    """What a violated constraint means to the person."""
    return {
        "counselor_not_double_booked": refusal("slot_taken"),
        "seeker_not_double_booked": refusal("seeker_busy"),
        "guest_not_double_booked": refusal("seeker_busy"),
        "meeting_host_not_double_booked": refusal("no_host_free"),
        "one_hold_per_seeker": refusal("slot_taken"),
    }


def why_not_free(search: Search, starts_at: datetime) -> BookingError:
    """The time is not free: the person is busy, no interpreter or host is, it was taken, or it never was on offer."""
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
    if slot_at(replace(search, ignores_hosts=True), starts_at) is not None:
        return refusal("no_host_free")
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


def _host(search: Search, slot: Slot, counselor: Counselor, hosts: list[MeetingHost]) -> MeetingHost | None:
    return host_of_session(
        counselor,
        hosts,
        service=search.service,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        now=search.now,
        current=search.moving,
    )


def _insert(search: Search, slot: Slot, counselor: Counselor, *, place: Place, host: MeetingHost | None) -> Reservation:
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
        **host_columns(host, ends_at=slot.ends_at),
        **place.values,
    )
    reservation.save(force_insert=True)
    leave_event(reservation, place.action, before="", actor=place.by, now=search.now, reason=place.reason)
    return reservation


def _in_the_way(
    search: Search, slot: Slot, counselor: Counselor, hosts: list[MeetingHost], *, keeps_hold: bool = False
) -> Iterable[Reservation]:
    """The person's own hold, and places on this time whose end has passed but which no sweeper met yet.

    An offer comes unasked (`keeps_hold`): whoever is typing for another time loses nothing.
    """
    run_out = Reservation.objects.run_out(search.now)
    gone = run_out.filter(counselor=counselor).touching(slot.starts_at, slot.ends_at)
    if hosts:
        until = slot.ends_at + max(host.buffer for host in hosts)
        gone |= run_out.filter(meeting_host__in=hosts, starts_at__lt=until, host_until__gt=slot.starts_at)
    if isinstance(search.person, User) and not keeps_hold:
        gone |= Reservation.objects.holds().of_seeker(search.person)
    return gone.lock().order_by("pk")


def _give_back(gone: Reservation, *, now: datetime) -> None:
    if gone.status == ReservationStatus.HELD and gone.is_held(now=now):
        apply(gone, Action.RELEASE, actor=gone.seeker, now=now)
    else:
        end_run_out(gone, now=now)

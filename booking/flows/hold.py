"""A chosen time is held for ten minutes while the details are typed. A person has one hold."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.models import User
from booking.availability import Slot, slot_at
from booking.clock import day_bounds, day_of
from booking.db import constraint_as_booking_error, flow_transaction
from booking.enums import Action, ReservationStatus
from booking.errors import BookingError, SlotTaken
from booking.models import Absence, Counselor, Reservation, Service
from booking.rules.windows import booking_closes_at, booking_opens_at
from booking.transitions import apply, leave_event


def hold(
    *, service: Service, starts_at: datetime, seeker: Any, now: datetime, counselor: Counselor | None = None
) -> Reservation:
    """Take the place for the policy's ten minutes, never past the closing of the booking.

    Locks the seeker, then one counselor at a time. The seeker's former hold is given back in the same transaction, and
    kept when the new place cannot be had. Raises SlotTaken, or BookingError not_open_yet, booking_closed, seeker_busy, crowded.
    """
    _refuse_outside_window(service, starts_at, now)
    with flow_transaction():
        User.objects.lock().get(pk=seeker.pk)
        slot = slot_at(service, starts_at, now=now, seeker=seeker, counselor=counselor)
        if slot is None:
            raise _why_not(service, starts_at, seeker, now=now, counselor=counselor)
        for counselor_id in _by_load(slot, now):
            try:
                return _take(slot, service, counselor_id, seeker, now=now, was_chosen=counselor is not None)
            except SlotTaken:
                continue
        raise slot_taken()


def release(reservation: Reservation, *, by: Any, now: datetime) -> None:
    """The person gives the held time back. Nothing happens when it is no longer held."""
    with flow_transaction():
        locked = Reservation.objects.lock().get(pk=reservation.pk)
        if locked.status == ReservationStatus.HELD:
            apply(locked, Action.RELEASE, actor=by, now=now)


def expire_hold(reservation_id: int, *, now: datetime) -> bool:
    """End a hold whose time is over; False when somebody was faster. Safe to run twice."""
    with transaction.atomic():
        held = Reservation.objects.lock().expired_holds(now).filter(pk=reservation_id).first()
        if held is None:
            return False
        apply(held, Action.EXPIRE, actor=None, now=now)
        return True


def slot_taken() -> SlotTaken:
    return SlotTaken(
        _("この時間は、たったいま埋まりました。ほかの時間をお選びください。入力した内容は残っています。"),
        code="slot_taken",
    )


def _refuse_outside_window(service: Service, starts_at: datetime, now: datetime) -> None:
    day, policy = day_of(starts_at), service.policy
    if now < booking_opens_at(day, policy):
        raise BookingError(
            _("この日の予約は、まだ始まっていません。もう少し早い日をお選びください。"), code="not_open_yet"
        )
    if now >= booking_closes_at(day, policy):
        message = _(
            "この日の予約は締め切りました。ほかの日をお選びいただくか、%(office)s（%(phone)s）へお電話ください。"
        )
        raise BookingError(
            message % {"office": service.office.name, "phone": service.office.phone}, code="booking_closed"
        )


def _why_not(
    service: Service, starts_at: datetime, seeker: Any, *, now: datetime, counselor: Counselor | None
) -> BookingError:
    """The time is not free: because the person is busy then, because it was taken, or because it never was on offer."""
    if slot_at(service, starts_at, now=now, counselor=counselor) is not None:
        return seeker_busy()
    return slot_taken()


def seeker_busy() -> BookingError:
    return BookingError(
        _("同じ時間に、あなたの別の予約があります。ほかの時間をお選びいただくか、先に今の予約を取り消してください。"),
        code="seeker_busy",
    )


def _by_load(slot: Slot, now: datetime) -> list[int]:
    """The counselors of the slot, the one with the fewest reservations that day first."""
    if slot.places == 1:
        return list(slot.counselor_ids)
    day = day_of(slot.starts_at)
    start, end = day_bounds(day, day)
    rows = Reservation.objects.occupying(now).filter(
        counselor__in=slot.counselor_ids, starts_at__gte=start, starts_at__lt=end
    )
    load: dict[int, int] = dict(
        rows.order_by().values("counselor").annotate(load=Count("pk")).values_list("counselor", "load")
    )
    return sorted(slot.counselor_ids, key=lambda pk: (load.get(pk, 0), pk))


def _take(
    slot: Slot, service: Service, counselor_id: int, seeker: Any, *, now: datetime, was_chosen: bool
) -> Reservation:
    """Queue on the counselor's row, then insert; the exclusion constraints have the last word.

    The savepoint gives the lock back when the place is gone, so that no two people wait for each other's counselors.
    """
    errors = {
        "counselor_not_double_booked": slot_taken(),
        "seeker_not_double_booked": seeker_busy(),
        "one_hold_per_seeker": slot_taken(),
    }
    with constraint_as_booking_error(errors):
        counselor = Counselor.objects.lock().get(pk=counselor_id)
        if Absence.objects.filter(counselor=counselor).touching(slot.starts_at, slot.ends_at).exists():
            raise slot_taken()
        _give_back(_in_the_way(slot, counselor, seeker, now), now=now)
        reservation = Reservation(
            office_id=service.office_id,
            service=service,
            counselor=counselor,
            seeker=seeker,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            hold_expires_at=_hold_end(service, slot.starts_at, now),
            counselor_was_chosen=was_chosen,
        )
        reservation.save(force_insert=True)
        leave_event(reservation, Action.HOLD, before="", actor=seeker, now=now)
        return reservation


def _hold_end(service: Service, starts_at: datetime, now: datetime) -> datetime:
    policy = service.policy
    return min(now + policy.hold_lasts, booking_closes_at(day_of(starts_at), policy))


def _in_the_way(slot: Slot, counselor: Counselor, seeker: Any, now: datetime) -> Iterable[Reservation]:
    """The seeker's own hold, and holds on this time whose end has passed but which no sweeper met yet."""
    lapsed = Reservation.objects.expired_holds(now).filter(counselor=counselor)
    lapsed = lapsed.touching(slot.starts_at, slot.ends_at)
    own = Reservation.objects.holds().of_seeker(seeker)
    return Reservation.objects.lock().filter(pk__in=(lapsed | own).values("pk")).order_by("pk")


def _give_back(holds: Iterable[Reservation], *, now: datetime) -> None:
    for held in holds:
        end = held.hold_expires_at or now
        if held.status != ReservationStatus.HELD:
            continue
        if end <= now:
            apply(held, Action.EXPIRE, actor=None, now=now)
        else:
            apply(held, Action.RELEASE, actor=held.seeker, now=now)

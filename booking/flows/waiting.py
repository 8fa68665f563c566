"""The waiting list: join, leave, answer an offer; and when waiting is over. Who is offered what: flows/offering.py.

Whatever a person does here happens under the lock of the person, like booking; a place that ends brings its entry back in
line by itself (booking.freed). Lock order: person, reservation, entry.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from booking.admission import admission, applicant_of, why_service_closed
from booking.availability import Search, free_slots
from booking.clock import at, day_of
from booking.db import flow_transaction
from booking.deadlines import bookable_days, booking_closes_at, booking_policy, why_outside_window
from booking.demand import count_waiting
from booking.enums import Action, Origin, ReservationStatus, WaitingState
from booking.errors import BookingError
from booking.mails.waiting import queue_waiting_ended
from booking.models import Counselor, Reservation, Service, WaitingEntry
from booking.models.guest import lock_person, same_person
from booking.policies import SELF_SERVICE
from booking.refusals import refusal, refusal_for
from booking.rules.eligibility import why_not_eligible
from booking.transitions import apply
from offices.calendar import calendar_of

LONGEST_WAIT = timedelta(days=366)
ENDED = {ReservationStatus.OFFERED: Action.DECLINE, ReservationStatus.HELD: Action.RELEASE}
"""How a place that was offered is given back, before and after it was taken."""


def why_not_wait(
    service: Service, person: Any, *, now: datetime, counselor: Counselor | None = None
) -> BookingError | None:
    """The reason why this person cannot join the line now, whatever days they wish for; None when they can."""
    policy = booking_policy(service, now=now)
    if not policy.has_line:
        return refusal("no_waiting_list", office=service.office)
    applicant = applicant_of(person, service=service, now=now)
    reason = why_service_closed(service, today=day_of(now)) or why_not_eligible(
        applicant, policy, counselor=counselor.pk if counselor else None
    )
    if reason is not None:
        return refusal_for(reason, office=service.office)
    if WaitingEntry.objects.in_line().of_seeker(person).filter(service=service).exists():
        return refusal("already_waiting")
    return None


def join_line(
    *,
    service: Service,
    seeker: Any,
    first_day: date,
    last_day: date,
    now: datetime,
    counselor: Counselor | None = None,
    language: str = "",
) -> WaitingEntry:
    """Wait for a place between two days (both included), behind everybody who waits for the service already.

    Raises BookingError no_waiting_list, service_closed, what the eligibility rules say, already_waiting, bad_period or
    times_free.
    """
    with flow_transaction():
        lock_person(seeker)
        refused = why_not_wait(service, seeker, now=now, counselor=counselor)
        if refused is not None:
            raise refused
        if not is_worth_waiting(service, first_day, last_day, now=now):
            raise refusal("bad_period")
        search = Search(service=service, now=now, person=seeker, counselor=counselor, language=language)
        if free_slots(search, first_day=first_day, last_day=last_day):
            raise refusal("times_free")
        entry = WaitingEntry.objects.create(
            service=service,
            seeker=seeker,
            counselor=counselor,
            office_interpreter=language,
            first_day=first_day,
            last_day=last_day,
            joined_at=now,
        )
        count_waiting(service, now=now)
        return entry


def is_worth_waiting(service: Service, first_day: date, last_day: date, *, now: datetime) -> bool:
    """Is there a day from the first to the last, with hours of the service, that can be booked now or later?"""
    today = day_of(now)
    first = max(first_day, today)
    if last_day < first_day or not first <= last_day <= today + LONGEST_WAIT:
        return False
    calendar = calendar_of(service.office, first, last_day)
    days = (last_day - timedelta(days=back) for back in range((last_day - first).days + 1))
    return any(
        not calendar.is_closed(day) and _has_hours(service, day) and _can_still_be_booked(service, day, now=now)
        for day in days
    )


def leave_line(entry: WaitingEntry, *, by: Any, now: datetime) -> None:
    """The person waits no longer; a place offered to them is given back. Nothing happens when they left already."""
    with flow_transaction():
        lock_person(entry.seeker)
        current = WaitingEntry.objects.get(pk=entry.pk)
        if current.is_in_line:
            _end(current, WaitingState.LEFT, by=by, now=now)


def leave_all_lines(person: Any, *, now: datetime) -> None:
    """The account is being deleted. In the caller's transaction."""
    lock_person(person)
    for entry in WaitingEntry.objects.in_line().of_seeker(person):
        _end(entry, WaitingState.LEFT, by=person, now=now)


def take_offer(entry: WaitingEntry, *, by: Any, now: datetime) -> Reservation:
    """The offered place becomes the person's hold, to be booked with the details: at least the policy's ten minutes.

    The hold on another time is given back. Taking it twice is taking it once. Raises BookingError offer_expired, or what
    booking.admission refuses by now.
    """
    with flow_transaction():
        lock_person(entry.seeker)
        kept = _own_rows(entry)
        row = kept.pop(WaitingEntry.objects.get(pk=entry.pk).reservation_id, None)
        if row is None or row.has_run_out(now=now):
            raise refusal("offer_expired")
        if row.status == ReservationStatus.HELD:
            return row
        _refuse_unfit(row, now=now)
        for held in kept.values():
            if held.status == ReservationStatus.HELD:
                apply(held, Action.RELEASE, actor=by, now=now)
        row.hold_expires_at = _hold_end(row, now=now)
        row.save(update_fields=["hold_expires_at"])
        apply(row, Action.TAKE_OFFER, actor=by, now=now)
        return row


def decline(entry: WaitingEntry, *, by: Any, now: datetime) -> None:
    """Not this time: the place goes to the next in line, the person keeps waiting. Raises BookingError offer_expired."""
    with flow_transaction():
        lock_person(entry.seeker)
        row = _own_rows(entry).get(WaitingEntry.objects.get(pk=entry.pk).reservation_id)
        if row is None or row.has_run_out(now=now):
            raise refusal("offer_expired")
        apply(row, ENDED[ReservationStatus(row.status)], actor=by, now=now)


def settle_waiting(reservation: Reservation, *, now: datetime) -> None:
    """The person has a firm reservation: whoever waited for one of the service on such a day has found it.

    Call it in the transaction in which it becomes firm, under the person's lock. A service without a line costs no query.
    """
    if reservation.origin != Origin.WAITING_LIST and not booking_policy(reservation.service, now=now).has_line:
        return
    day, seeker = day_of(reservation.starts_at), same_person(reservation.person)["seeker"]
    found = Q(reservation=reservation) | Q(first_day__lte=day, last_day__gte=day)
    for entry in WaitingEntry.objects.in_line().filter(found, service=reservation.service_id, seeker=seeker):
        if entry.reservation_id == reservation.pk:
            _save_end(entry, WaitingState.BOOKED, now=now)
        else:
            _end(entry, WaitingState.ENDED, by=reservation.seeker, now=now)


def end_past_entries(service: Service, *, now: datetime) -> int:
    """Those whose last day can be booked no more, or all when the service has no line any more: nothing was found."""
    over = WaitingEntry.objects.waiting().filter(service=service)
    if booking_policy(service, now=now).has_line:
        over = over.filter(last_day__lt=bookable_days(service, now=now)[0])
    return sum(_end_unfound(pk, now=now) for pk in over.values_list("pk", flat=True))


def _end_unfound(entry_pk: int, *, now: datetime) -> bool:
    with flow_transaction():
        lock_person(WaitingEntry.objects.select_related("seeker").get(pk=entry_pk).seeker)
        entry = WaitingEntry.objects.lock().waiting().filter(pk=entry_pk).first()
        if entry is None:
            return False
        _save_end(entry, WaitingState.ENDED, now=now)
        queue_waiting_ended(entry, now=now)
        return True


def _end(entry: WaitingEntry, state: WaitingState, *, by: Any, now: datetime) -> None:
    rows = Reservation.objects.lock().filter(waiting_entries=entry, status__in=ENDED)
    for row in rows:
        apply(row, ENDED[ReservationStatus(row.status)], actor=by, now=now)
    entry.reservation = None
    _save_end(entry, state, now=now)


def _save_end(entry: WaitingEntry, state: WaitingState, *, now: datetime) -> None:
    entry.state, entry.ended_at = state, now
    entry.save(update_fields=["state", "ended_at", "reservation"])


def _own_rows(entry: WaitingEntry) -> dict[int | None, Reservation]:
    """The person's offered places and their hold, locked, by key."""
    rows = Reservation.objects.lock().of_seeker(entry.seeker).filter(status__in=ENDED).order_by("pk")
    return {row.pk: row for row in rows.with_facts()}


def _hold_end(row: Reservation, *, now: datetime) -> datetime:
    """Who answers in the last minute still has the time to type; but never past the closing of the booking."""
    policy, offer_ends = booking_policy(row.service, now=now), row.hold_expires_at or now
    return min(max(offer_ends, now + policy.hold_lasts), booking_closes_at(row.service, row.starts_at, now=now))


def _refuse_unfit(row: Reservation, *, now: datetime) -> None:
    wish = admission(
        row.seeker,
        service=row.service,
        starts_at=row.starts_at,
        now=now,
        counselor=row.counselor_id,
        ways=SELF_SERVICE,
        leaving_out=row,
    )
    for refused in wish.refusals():
        raise refused


def _has_hours(service: Service, day: date) -> bool:
    return any(hours.weekday == day.weekday() for hours in service.version_on(day).hours.all())


def _can_still_be_booked(service: Service, day: date, *, now: datetime) -> bool:
    reason = why_outside_window(service, at(day, time.min), now=now)
    return reason is None or reason.code == "not_open_yet"

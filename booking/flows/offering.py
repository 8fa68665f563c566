"""Free places are offered to the waiting list: the first in line whom one fits gets it, held while they answer.

The line is walked from its head. Everybody in turn is offered the earliest free time that fits them, so each place goes to
the first in line whom it fits. What fits nobody stays bookable by all. Two workers at once do no harm: they queue on the
person at the head, and the constraints of the database give a place to one, also against a public booker.
"""

from collections.abc import Iterator
from datetime import date, datetime

from booking.admission import admission
from booking.availability import Search, Slot, free_slots
from booking.clock import day_of
from booking.db import flow_transaction
from booking.deadlines import booking_closes_at, booking_policy
from booking.enums import Action, Origin, ReservationStatus, WaitingState
from booking.errors import BookingError
from booking.flows.place import Place, take_place
from booking.mails.waiting import queue_offer
from booking.models import Offer, Reservation, Service, WaitingEntry
from booking.models.guest import lock_person
from booking.policies import SELF_SERVICE
from booking.rules.waiting import may_offer_now, offer_deadline

NOT_THIS_TIME = frozenset({"slot_taken", "no_host_free", "seeker_busy", "no_interpreter"})
"""The time was taken by another since it was looked up, or the person was: the next one may do."""


def offer_free_places(service: Service, *, now: datetime) -> int:
    """Offer what is free now to those in line; returns how many offers were made. None at night. Safe to run twice.

    Raises BookingError crowded when somebody at the head is busy for too long: nobody is passed over for that.
    """
    line = WaitingEntry.objects.waiting().filter(service=service, seeker__is_active=True)
    if not may_offer_now(now) or not booking_policy(service, now=now).has_line or not line.exists():
        return 0
    days = {day_of(slot.starts_at) for slot in free_slots(Search(service=service, now=now))}
    hopeful = [entry for entry in line if any(entry.first_day <= day <= entry.last_day for day in days)]
    return sum(offer_place(entry.pk, now=now) is not None for entry in hopeful)


def offer_place(entry_pk: int, *, now: datetime) -> Reservation | None:
    """Offer this person the earliest free time that fits them and was not offered to them before; None without one.

    The kept place, the entry, the record of the offer and the mail are written in one transaction. Locks person,
    counselor, (interpreters), reservation, entry.
    """
    with flow_transaction():
        lock_person(WaitingEntry.objects.select_related("seeker").get(pk=entry_pk).seeker)
        entry = WaitingEntry.objects.waiting().with_facts().filter(pk=entry_pk).first()
        if entry is None or not may_offer_now(now):
            return None
        search = _search(entry, now=now)
        for slot in _fitting(entry, search):
            reservation = _keep(search, slot.starts_at)
            if reservation is not None:
                _record(entry, reservation, now=now)
                return reservation
    return None


def _search(entry: WaitingEntry, *, now: datetime) -> Search:
    return Search(
        service=entry.service,
        now=now,
        person=entry.seeker,
        counselor=entry.counselor,
        language=entry.office_interpreter,
    )


def _fitting(entry: WaitingEntry, search: Search) -> Iterator[Slot]:
    """Free times that the person may book and was not offered yet, by start. The rules say the same for a whole day."""
    before = set(Offer.objects.filter(entry=entry).values_list("reservation__starts_at", flat=True))
    may_book: dict[date, bool] = {}
    for slot in free_slots(search, first_day=entry.first_day, last_day=entry.last_day):
        if slot.starts_at in before:
            continue
        day = day_of(slot.starts_at)
        if day not in may_book:
            may_book[day] = _may_book(entry, slot.starts_at, now=search.now)
        if may_book[day]:
            yield slot


def _may_book(entry: WaitingEntry, starts_at: datetime, *, now: datetime) -> bool:
    wish = admission(
        entry.seeker,
        service=entry.service,
        starts_at=starts_at,
        now=now,
        counselor=entry.counselor_id,
        ways=SELF_SERVICE,
    )
    return not wish.reasons()


def _keep(search: Search, starts_at: datetime) -> Reservation | None:
    """The place, kept for the answer; None when it is gone or there would be no time to answer."""
    service, now = search.service, search.now
    closes_at = booking_closes_at(service, starts_at, now=now)
    until = offer_deadline(now, booking_policy(service, now=now), closes_at=closes_at)
    if until <= now:
        return None
    place = Place(
        status=ReservationStatus.OFFERED, action=Action.OFFER, origin=Origin.WAITING_LIST, by=None, until=until
    )
    try:
        return take_place(search, starts_at, place=place)
    except BookingError as gone:
        if gone.code not in NOT_THIS_TIME:
            raise
        return None


def _record(entry: WaitingEntry, reservation: Reservation, *, now: datetime) -> None:
    entry.state, entry.reservation = WaitingState.OFFERED, reservation
    entry.save(update_fields=["state", "reservation"])
    Offer.objects.create(entry=entry, reservation=reservation, offered_at=now)
    queue_offer(entry, reservation, now=now)

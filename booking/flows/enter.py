"""Staff enter a reservation for the person they speak with: by phone, or the next one in a session (S-04, S-22, K-16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from booking.admission import admission
from booking.availability import Search, Slot, slot_at
from booking.clock import day_of
from booking.db import flow_transaction
from booking.deadlines import booking_policy
from booking.enums import Action, Origin, ReservationStatus
from booking.errors import BookingError
from booking.flows.caller import person_known_as
from booking.flows.place import Place, first_that_can, put_in, why_not_free
from booking.flows.reserve import ReservationDetails, follow_up, refuse_incomplete
from booking.mails.entry import queue_reply_wanted
from booking.models import Counselor, Reservation, Service
from booking.models.guest import lock_person
from booking.permissions import can_override_restriction
from booking.refusals import REFUSALS, refusal

REASON_MAX_LENGTH = 240
"""Leaves room in the event for what stands before it."""
NEVER_OVERRIDDEN = frozenset({"seeker_busy", "counselor_busy", "no_host_free", "time_is_past"})
"""The database keeps two reservations apart; nobody can meet anybody in the past."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What staff take down. `person` is known already, or found by `email` and phone; both may be empty but the phone."""

    service: Service
    starts_at: datetime
    details: ReservationDetails
    by: Any
    person: Any = None
    email: str = ""
    counselor: Counselor | None = None
    language: str = ""
    waits_for_reply: bool = False
    """It becomes firm by the person's answer (K-19); else at once."""
    previous: Reservation | None = None
    """The session in which it is the next one."""

    @property
    def origin(self) -> Origin:
        if self.waits_for_reply:
            return Origin.REPLY
        return Origin.NEXT if self.previous is not None else Origin.PHONE


class EntryRefused(BookingError):
    """Rules refuse; with a reason staff may enter it all the same, unless the code says otherwise."""

    def __init__(self, refused: BookingError, *, rules: Sequence[BookingError]) -> None:
        super().__init__(refused.message, code=refused.code)
        self.rules = rules


def enter(entry: Entry, *, now: datetime, reason: str = "") -> tuple[Reservation, list[str]]:
    """The reservation, firm or waiting for the reply, and the codes of the rules that the reason overrode.

    Locks the person, then one counselor with the hosts at a time; the constraints of the database hold whatever the reason. Raises
    EntryRefused (override_needs_reason, override_by_manager), or BookingError counselor_busy, seeker_busy,
    time_is_past, crowded.
    """
    with flow_transaction():
        person = entry.person or person_known_as(email=entry.email, phone_e164=entry.details.phone_e164)
        lock_person(person)
        rules = why_not_enter(entry, person, now=now)
        _refuse(entry, rules, reason=reason.strip())
        reservation = _take(entry, person, now=now, rules=rules, reason=reason.strip())
        if entry.waits_for_reply:
            queue_reply_wanted(reservation, now=now)
        else:
            follow_up(reservation, now=now)
        return reservation, [rule.code for rule in rules]


def why_not_enter(entry: Entry, person: Any, *, now: datetime) -> list[BookingError]:
    """Every rule that refuses, in the order in which one is told. Call it under the person's lock.

    Consents are not asked for: nobody can give them for somebody else, the person agrees by the reply or at the first use.
    """
    if entry.starts_at < now:
        return [refusal("time_is_past")]
    wish = admission(
        person,
        service=entry.service,
        starts_at=entry.starts_at,
        now=now,
        counselor=entry.counselor.pk if entry.counselor else None,
        ways=frozenset(),
        standing=entry.details.standing,
        has_device=entry.details.has_device,
    )
    rules = wish.refusals()
    try:
        refuse_incomplete(entry.service.version_on(day_of(now)), entry.details)
    except BookingError as incomplete:
        rules.append(incomplete)
    return rules + _why_not_then(entry, person, now=now)


def _why_not_then(entry: Entry, person: Any, *, now: datetime) -> list[BookingError]:
    search, slot = _search(entry, person, now=now), _typed_slot(entry)
    busy = Reservation.objects.of_person(person).occupying(now).exclude(status=ReservationStatus.HELD)
    if busy.touching(slot.starts_at, slot.ends_at).exists():
        return [refusal("seeker_busy")]
    if slot_at(search, entry.starts_at) is not None:
        return []
    own_hold = Reservation.objects.holds().of_person(person)
    taken = Reservation.objects.occupying(now).touching(slot.starts_at, slot.ends_at).exclude(pk__in=own_hold)
    if set(slot.counselor_ids) <= set(taken.values_list("counselor", flat=True)):
        return [refusal("counselor_busy")]
    refused = why_not_free(search, entry.starts_at)
    return [refused if refused.code in {"no_interpreter", "no_host_free"} else refusal("not_offered")]


def _refuse(entry: Entry, rules: Sequence[BookingError], *, reason: str) -> None:
    for rule in rules:
        if rule.code in NEVER_OVERRIDDEN:
            raise rule
    codes = [rule.code for rule in rules]
    if "restricted" in codes and not can_override_restriction(entry.by, entry.service.office_id):
        raise EntryRefused(refusal("override_by_manager"), rules=rules)
    if rules and not reason:
        names = "／".join(str(REFUSALS[code].rule).rstrip("。") for code in codes)
        raise EntryRefused(refusal("override_needs_reason", rules=names), rules=rules)


def _take(entry: Entry, person: Any, *, now: datetime, rules: Sequence[BookingError], reason: str) -> Reservation:
    """In the free slot; where the rules know none, with whichever counselor of the service the database lets through."""
    search = _search(entry, person, now=now)
    slot = slot_at(search, entry.starts_at)
    place = _place(entry, now=now, reason=_in_words(entry, rules, reason=reason))
    wanted = slot or _typed_slot(entry)
    return first_that_can(
        wanted.counselor_ids,
        lambda counselor_id: put_in(search, wanted, counselor_id, place=place, is_override=slot is None),
        else_code="counselor_busy",
    )


def _place(entry: Entry, *, now: datetime, reason: str) -> Place:
    policy = booking_policy(entry.service, now=now)
    waits = entry.waits_for_reply
    return Place(
        status=ReservationStatus.AWAITING_REPLY if waits else ReservationStatus.CONFIRMED,
        action=Action.ENTER,
        origin=entry.origin,
        by=entry.by,
        until=min(now + policy.reply_due, entry.starts_at) if waits else None,
        reason=reason,
        values={**entry.details.as_columns(), "entered_by": entry.by},
    )


def _in_words(entry: Entry, rules: Sequence[BookingError], *, reason: str) -> str:
    before = ""
    if entry.previous is not None:
        before = _("前回の予約: %(number)s。") % {"number": entry.previous.display_number}
    return before + (_("規則の例外: %(reason)s") % {"reason": reason[:REASON_MAX_LENGTH]} if rules else "")


def _search(entry: Entry, person: Any, *, now: datetime) -> Search:
    return Search(
        service=entry.service,
        now=now,
        person=person,
        counselor=entry.counselor,
        language=entry.language,
        is_for_staff=True,
    )


def _typed_slot(entry: Entry) -> Slot:
    """The time that was asked for, with everybody of the service: it need not be free."""
    counselors = Counselor.objects.offering(entry.service).order_by("pk")
    if entry.counselor is not None:
        counselors = counselors.filter(pk=entry.counselor.pk)
    length = entry.service.policy_on(day_of(entry.starts_at)).length
    return Slot(entry.starts_at, entry.starts_at + length, tuple(counselors.values_list("pk", flat=True)))

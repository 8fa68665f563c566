"""A place is kept until the link in a mail is used: for everybody, with or without an account (S-30 to S-32).

A person has one request of a service open at a time: a new one takes the place of the earlier, so that nobody keeps
several places with one address, and who chose the wrong time simply chooses again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from booking.admission import Admission, admission, is_restricted
from booking.availability import Search, slot_at
from booking.clock import day_of
from booking.db import flow_transaction
from booking.deadlines import booking_closes_at
from booking.enums import UPCOMING, Action, BookingWay, Origin, ReservationStatus
from booking.errors import BookingError
from booking.flows.place import Place, take_place, why_not_free
from booking.flows.reserve import (
    ReservationDetails,
    consenting,
    follow_up,
    judge_details,
    refuse_without_consent,
)
from booking.mails.link import queue_confirm_address
from booking.models import Counselor, Guest, Reservation, Service
from booking.models.guest import is_same_person, lock_person
from booking.models.reservation import ReservationQuerySet
from booking.policies import LINK_KEEPS
from booking.refusals import refusal
from booking.transitions import apply
from terms.consent import missing_consents, portal_documents

ABOUT_THE_PERSON = frozenset(
    {
        "restricted",
        "seeker_busy",
        "too_many_coming",
        "too_many_in_week",
        "too_many_in_month",
        "too_close",
        "twice_a_day",
        "link_open",
    }
)
"""Refusals that tell something about whoever has the mail address: who only typed it is not shown them (ASVS 6.3.8)."""


def request_by_link(
    who: User | str,
    *,
    service: Service,
    starts_at: datetime,
    details: ReservationDetails,
    agree: Callable[[Any], object],
    now: datetime,
    counselor: Counselor | None = None,
    language: str = "",
    instead_of: Reservation | None = None,
) -> Reservation:
    """Keep the place for `who` (an account, or a mail address) until the link in the mail is used.

    `agree(person)` records the consents, in this transaction. `instead_of` is an earlier request of the same browser,
    given up with the one of the account that is signed in; both stay when the new place cannot be had.

    Whatever may be told to anybody is asked first, then what is of the person (ABOUT_THE_PERSON): so these refusals
    come only for a wish that would else have been granted. Locks person, earlier requests, counselor. Raises SlotTaken,
    or BookingError consent_missing, details_missing, seeker_busy, link_open, crowded, or what booking.admission refuses.
    """
    with flow_transaction():
        person = who if isinstance(who, User) else _guest_with(who)
        lock_person(person)
        agree(consenting(person))
        _give_up_earlier(who if isinstance(who, User) else None, service, instead_of, now=now)
        wish = admission(
            person,
            service=service,
            starts_at=starts_at,
            now=now,
            counselor=counselor.pk if counselor else None,
            ways=frozenset({BookingWay.MAIL_LINK}),
            standing=details.standing,
            has_device=details.has_device,
        )
        for refused in _of_anybody(wish).refusals():
            raise refused
        _refuse_without_consents(service, person, now=now)
        search = Search(service=service, now=now, counselor=counselor, language=language)
        if slot_at(search, starts_at) is None:
            raise why_not_free(search, starts_at)
        judge_details(service, person, details=details, now=now)
        for refused in wish.refusals():
            raise refused
        _refuse_second(person, service, now=now)
        place = Place(
            status=ReservationStatus.AWAITING_LINK,
            action=Action.REQUEST_BY_LINK,
            origin=Origin.MAIL_LINK,
            by=who if isinstance(who, User) else None,
            until=min(now + LINK_KEEPS, booking_closes_at(service, starts_at, now=now)),
            values=details.as_columns(),
        )
        reservation = take_place(replace(search, person=person), starts_at, place=place)
        queue_confirm_address(reservation, now=now)
        return reservation


def confirm_by_link(reservation: Reservation, *, now: datetime) -> Reservation:
    """The link in the mail was used: the reservation is firm, with its meeting and mails in the same transaction.

    Safe to run twice. Judged by the rules of the request, but a restriction of the meantime counts. Locks person,
    reservation. Raises BookingError link_expired, wrong_status or restricted.
    """
    with flow_transaction():
        lock_person(reservation.person)
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        if locked.status in UPCOMING:
            return locked
        refused = why_not_confirm(locked, now=now)
        if refused is not None:
            raise refused
        apply(locked, Action.CONFIRM, actor=locked.seeker, now=now)
        if locked.guest is not None:
            locked.guest.language = get_language() or "ja"
            locked.guest.save(update_fields=["language"])
        follow_up(locked, now=now)
        return locked


def why_not_confirm(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why the link confirms nothing now, or None."""
    if reservation.status == ReservationStatus.LAPSED:
        return refusal("link_expired")
    if reservation.status != ReservationStatus.AWAITING_LINK:
        return refusal("wrong_status", status=reservation.get_status_display())
    if reservation.has_run_out(now=now):
        return refusal("link_expired")
    if is_restricted(reservation.person, reservation.office_id, on=day_of(now)):
        return refusal("restricted", office=reservation.office)
    return None


def _guest_with(email: str) -> Guest:
    """Who only types the address of a guest does not change the language in which we write there."""
    return Guest.objects.get_or_create(email=email.lower(), defaults={"language": get_language() or "ja"})[0]


def _of_anybody(wish: Admission) -> Admission:
    """The same wish of somebody of whom nothing is known but what was typed."""
    return replace(wish, applicant=replace(wish.applicant, is_restricted=False), others=())


def _open_requests(*, now: datetime) -> ReservationQuerySet:
    return Reservation.objects.filter(status=ReservationStatus.AWAITING_LINK, hold_expires_at__gt=now)


def _refuse_second(person: Any, service: Service, *, now: datetime) -> None:
    """Whoever only typed the address must not end what its owner asked for; the owner can, by the link in the mail."""
    first = _open_requests(now=now).of_person(person).filter(service=service).first()
    if first is not None and first.hold_expires_at is not None:
        raise refusal("link_open", until=first.hold_expires_at)


def _give_up_earlier(account: User | None, service: Service, instead_of: Reservation | None, *, now: datetime) -> None:
    """Of the account that is signed in, and of this browser.

    Only what still runs: whoever holds a counselor's lock may want to end what ran out (lock order, ADR 2).
    """
    mine = Q(pk=instead_of.pk) if instead_of is not None else Q(pk=None)
    if account is not None:
        mine |= is_same_person(account) & Q(service=service)
    for row in _open_requests(now=now).filter(mine).lock().order_by("pk"):
        apply(row, Action.LAPSE, actor=None, now=now, reason=_("新しい申込みに替わりました。"))


def _refuse_without_consents(service: Service, person: Any, *, now: datetime) -> None:
    """Of the portal too: who has no account agreed to nothing before (X-01)."""
    refuse_without_consent(service, person, now=now)
    if missing_consents(consenting(person), documents=portal_documents(), on=day_of(now)):
        raise refusal("consent_missing")

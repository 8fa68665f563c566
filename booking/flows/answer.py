"""The reply makes a reservation firm that staff entered; without it the place is free again at the deadline (K-19, K-21)."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from booking.clock import day_of
from booking.db import flow_transaction
from booking.enums import UPCOMING, Action, ReservationStatus
from booking.errors import BookingError
from booking.flows.lapse import when_lapsed
from booking.flows.reserve import consenting, follow_up
from booking.mails.requests import queue_lapsed
from booking.models import Reservation, Restriction
from booking.models.guest import lock_person
from booking.refusals import refusal
from booking.transitions import apply
from terms.consent import MissingConsent, missing_consents, portal_documents


def why_not_answer(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why a reply no longer counts, or None. Half-open: the deadline itself is too late."""
    if reservation.status == ReservationStatus.LAPSED:
        return refusal("reply_too_late", office=reservation.office)
    if reservation.status != ReservationStatus.AWAITING_REPLY:
        return refusal("wrong_status", status=reservation.get_status_display())
    return refusal("reply_too_late", office=reservation.office) if reservation.has_run_out(now=now) else None


def missing_for_answer(reservation: Reservation, *, now: datetime) -> list[MissingConsent]:
    """The texts that the person agrees to with the answer: of the service and its software, without an account the portal's."""
    service = reservation.service
    documents = [service.terms, service.software_terms]
    if reservation.guest is not None:
        documents = [*portal_documents(), *documents]
    return missing_consents(consenting(reservation.person), documents=documents, on=day_of(now))


def mark_reply(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """Staff read or heard the reply: to reply is to agree (第6条(3)), so no box is ticked for the person.

    Safe to run twice. Locks person, reservation. Raises BookingError reply_too_late, wrong_status or restricted.
    """
    return _confirm(reservation, by=by, now=now, reason=_("返信により同意（第6条(3)）"))


def answer_by_link(reservation: Reservation, *, now: datetime) -> Reservation:
    """The person pressed the button behind the mailed link, having agreed on that page.

    Safe to run twice. Locks person, reservation. Raises BookingError reply_too_late, wrong_status, restricted or
    consent_missing.
    """
    return _confirm(reservation, by=reservation.seeker, now=now, reason=_("メールのリンクから返信"), asks_consent=True)


@when_lapsed(ReservationStatus.AWAITING_REPLY)
def tell_that_it_is_void(reservation: Reservation, *, now: datetime) -> None:
    queue_lapsed(reservation, now=now)


def _was_restricted_since(reservation: Reservation, *, now: datetime) -> bool:
    """A restriction of the meantime counts; one that stood already was overridden when the reservation was entered."""
    rows = Restriction.objects.in_force(day_of(now)).of_person(reservation.person).filter(office=reservation.office_id)
    return rows.filter(decided_at__gt=reservation.reserved_at).exists()


def _confirm(
    reservation: Reservation, *, by: Any, now: datetime, reason: str, asks_consent: bool = False
) -> Reservation:
    with flow_transaction():
        lock_person(reservation.person)
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        if locked.status in UPCOMING:
            return locked
        refused = why_not_answer(locked, now=now)
        if refused is not None:
            raise refused
        if _was_restricted_since(locked, now=now):
            raise refusal("restricted", office=locked.office)
        if asks_consent and missing_for_answer(locked, now=now):
            raise refusal("consent_missing")
        apply(locked, Action.CONFIRM, actor=by, now=now, reason=reason)
        follow_up(locked, now=now)
        return locked

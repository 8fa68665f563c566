"""The held time becomes a reservation: binding at commit, the mail follows (K-17, K-20, X-06)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from booking.admission import admission, applicant_of
from booking.clock import day_of
from booking.db import flow_transaction
from booking.deadlines import booking_policy
from booking.enums import UNFINISHED, UPCOMING, Action
from booking.flows.hold import hold
from booking.flows.online_meeting import request_meeting
from booking.flows.waiting import settle_waiting
from booking.mails.reservations import queue_reservation_mails
from booking.models import PolicyVersion, Reservation, Service
from booking.models.guest import Guest, lock_person
from booking.policies import SELF_SERVICE
from booking.refusals import refusal, refusal_for
from booking.rules.eligibility import why_not_eligible
from booking.transitions import apply
from terms.consent import missing_consents
from terms.models import TermsDocument


@dataclass(frozen=True, kw_only=True)
class ReservationDetails:
    """What the person typed, already parsed by the form. The names are columns of booking.models.details.Details."""

    name: str
    phone: str
    phone_e164: str
    kana: str = ""
    seeker_number: str = ""
    standing: str = ""
    has_device: bool | None = None
    topic: str = ""
    companions: Sequence[str] = field(default_factory=list)
    interpreter_language: str = ""
    answers: Sequence[Sequence[str]] = field(default_factory=list)
    """[[label, answer], …] to the questions of the policy's version."""

    def as_columns(self) -> dict[str, Any]:
        return asdict(self)


def reserve(held: Reservation, *, details: ReservationDetails, now: datetime) -> Reservation:
    """Make the hold a reservation, with its meeting and mails in the same transaction.

    Safe to run twice: a reservation that is already confirmed is returned as it is. A hold whose time is over is taken
    anew when the place is still free. Locks seeker, (counselor), reservation. Raises SlotTaken, or BookingError
    details_missing, consent_missing, hold_given_back, what hold() raises, and what the rules say to the details.
    """
    with flow_transaction():
        lock_person(held.person)
        reservation = _still_held(held, now)
        reservation.seeker, reservation.service = held.seeker, held.service
        if reservation.status in UPCOMING:
            return reservation
        _judge_again(reservation, now=now)
        judge_details(
            reservation.service, reservation.person, details=details, now=now, counselor=reservation.counselor_id
        )
        columns = {**details.as_columns(), "reserved_at": now}
        for name, value in columns.items():
            setattr(reservation, name, value)
        apply(reservation, Action.RESERVE, actor=reservation.seeker, now=now, saving=columns)
        follow_up(reservation, now=now)
        return reservation


def follow_up(reservation: Reservation, *, now: datetime) -> None:
    """What every reservation that has just become firm needs: its meeting, its mails. In the caller's transaction.

    Whoever waited in line for such a time waits no longer.
    """
    settle_waiting(reservation, now=now)
    meeting = request_meeting(reservation, now=now)
    queue_reservation_mails(reservation, meeting=meeting, now=now)


def judge_details(
    service: Service, person: Any, *, details: ReservationDetails, now: datetime, counselor: int | None = None
) -> None:
    """Raises BookingError details_missing, what the eligibility rules say to what was declared, or consent_missing."""
    refuse_incomplete(service.version_on(day_of(now)), details)
    applicant = applicant_of(person, service=service, now=now, standing=details.standing, has_device=details.has_device)
    reason = why_not_eligible(applicant, booking_policy(service, now=now), counselor=counselor)
    if reason is not None:
        raise refusal_for(reason, office=service.office)
    refuse_without_consent(service, person, now=now)


def refuse_without_consent(service: Service, person: Any, *, now: datetime) -> None:
    """Raises BookingError consent_missing: the service's terms and those of its software, in the versions of today."""
    if must_agree_again(service, person, now=now):
        raise refusal("consent_missing")


def must_agree_again(service: Service, person: Any, *, now: datetime) -> bool:
    return bool(missing_consents(consenting(person), documents=documents_of(service), on=day_of(now)))


def documents_of(service: Service) -> QuerySet[TermsDocument]:
    """The service's terms and those of its meeting software."""
    return TermsDocument.objects.filter(pk__in=[service.terms_id, service.software_terms_id])


def consenting(person: Any) -> Any:
    """The account, or the key under which somebody without one agrees."""
    return person.subject if isinstance(person, Guest) else person


def _judge_again(held: Reservation, *, now: datetime) -> None:
    """By the rules of this moment: a hold may outlast midnight and a version, and does not count against the limits (S-12).

    Where an offer was taken, the place may be of a service that is else booked by mail link.
    """
    wish = admission(
        held.person, service=held.service, starts_at=held.starts_at, now=now, ways=SELF_SERVICE, leaving_out=held
    )
    for refused in wish.refusals():
        raise refused


def _still_held(held: Reservation, now: datetime) -> Reservation:
    """The locked row, or a new hold on the same time in its place.

    A lapsed row is not locked here: whoever waits for its counselor may want to end it (lock order, ADR 2).
    """
    rows = Reservation.objects.select_related("office", "counselor")
    current = rows.get(pk=held.pk)
    if current.is_held(now=now):
        current = rows.lock().get(pk=held.pk)
    if current.status in UPCOMING or current.is_held(now=now):
        return current
    if current.status not in UNFINISHED:
        raise refusal("hold_given_back")
    counselor = current.counselor if current.counselor_was_chosen else None
    return hold(
        service=held.service,
        starts_at=current.starts_at,
        seeker=held.seeker,
        now=now,
        counselor=counselor,
        language=current.office_interpreter,
    )


def refuse_incomplete(version: PolicyVersion, details: ReservationDetails) -> None:
    """Raises BookingError details_missing."""
    missing = [name for name in version.required_details if not getattr(details, name).strip()]
    answered = {label for label, answer in details.answers if answer}
    missing += [question.label for question in version.asked if question.is_required and question.label not in answered]
    if missing or (version.policy.asks_device and details.has_device is None):
        raise refusal("details_missing")

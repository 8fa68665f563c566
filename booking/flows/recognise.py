"""An office recognises a person, perhaps with a counselor of their own (J-07, H-16, H-07, X-13)."""

from datetime import date, datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from booking.clock import day_of
from booking.db import constraint_as_booking_error, flow_transaction
from booking.models import Counselor, Guest, Recognition, Reservation, SessionRequest
from booking.models.guest import lock_person
from booking.refusals import refusal
from offices.models import Office


def person_known_to(office: Office, words: str) -> Any:
    """The account, or the guest, with exactly that mail address, 求職番号 or number of a reservation at the office.

    Only among those who booked or asked there: nobody looks through all accounts. Raises BookingError person_unknown.
    """
    words = words.strip()
    number = words.upper().replace("-", "")
    rows = Reservation.objects.booked().filter(office=office).select_related("seeker", "guest").order_by("-pk")
    by_words = (
        Q(seeker__email__iexact=words) | Q(guest__email__iexact=words) | Q(seeker_number=words) | Q(number=number)
    )
    found = rows.filter(by_words, Q(seeker__isnull=True) | Q(seeker__is_active=True)).first() if words else None
    if found is not None:
        return found.person
    asked = SessionRequest.objects.filter(office=office, seeker__is_active=True).select_related("seeker")
    by_words = Q(seeker__email__iexact=words) | Q(seeker_number=words) | Q(number=number)
    request = asked.filter(by_words).order_by("-pk").first() if words else None
    if request is None:
        raise refusal("person_unknown")
    return request.seeker


def account_known_to(office: Office, words: str) -> User:
    """Like person_known_to, for what needs an account. Raises BookingError person_unknown."""
    person = person_known_to(office, words)
    if isinstance(person, Guest):
        person = User.objects.filter(email__iexact=person.email, is_active=True).first() if person.email else None
    if not isinstance(person, User):
        raise refusal("person_unknown")
    return person


def recognise(
    seeker: User,
    *,
    office: Office,
    reason: str,
    by: Any,
    now: datetime,
    counselor: Counselor | None = None,
    ends_on: date | None = None,
) -> Recognition:
    """From now on. Raises BookingError reason_missing, end_is_past, counselor_elsewhere or already_recognised."""
    today = day_of(now)
    if not reason.strip():
        raise refusal("reason_missing")
    if ends_on is not None and ends_on < today:
        raise refusal("end_is_past")
    if counselor is not None and counselor.office_id != office.pk:
        raise refusal("counselor_elsewhere")
    errors = {"one_recognition_per_office": refusal("already_recognised")}
    with flow_transaction(), constraint_as_booking_error(errors):
        lock_person(seeker)
        own = Recognition.objects.filter(seeker=seeker, office=office, revoked_at__isnull=True)
        own.filter(ends_on__lt=today).update(revoked_at=now)  # over already; it only stands in the way of the new one
        return Recognition.objects.create(
            office=office,
            seeker=seeker,
            counselor=counselor,
            reason=reason.strip(),
            begins_on=today,
            ends_on=ends_on,
            granted_by=by,
            granted_at=now,
        )


def revoke(recognition: Recognition, *, now: datetime) -> Recognition:
    """What is booked already stays. Raises BookingError already_lifted."""
    with flow_transaction():
        lock_person(recognition.seeker)
        locked = Recognition.objects.lock().get(pk=recognition.pk)
        if locked.revoked_at is not None:
            raise refusal("already_lifted")
        locked.revoked_at = now
        locked.save(update_fields=["revoked_at"])
        return locked

"""What is kept how long of people without an account (settings.RETENTION), carried out every night."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.clock import day_of
from booking.enums import Origin, ReservationStatus
from booking.models import Guest, Reservation, Restriction
from terms.retention import purge_consents_of

FORGOTTEN = "deleted-{uuid}@invalid.example"
"""Instead of the mail address, as accounts.deletion does: the row stays, because reservations point to it."""


def strip_lapsed_requests(now: datetime) -> int:
    """A request by mail link that nobody confirmed says nothing about anybody after a day."""
    lapsed = Reservation.objects.filter(
        status=ReservationStatus.LAPSED,
        origin=Origin.MAIL_LINK,
        hold_expires_at__lte=now - settings.RETENTION["bare_hold"],
    )
    return lapsed.exclude(name="", phone="").strip_personal_data()


def forget_guests(now: datetime) -> int:
    """A guest of whom no reservation tells anything any more is nobody: mail address, phone and consents go.

    Whoever is restricted stays known until the end of it, else a new reservation would get around the restriction.
    """
    forgotten = [pk for pk in _told_of_no_more(now).values_list("pk", flat=True) if _forget(pk, now=now)]
    return len(forgotten)


@transaction.atomic
def _forget(guest_id: int, *, now: datetime) -> bool:
    """Asked again under the lock: the person may be booking at this moment."""
    Guest.objects.lock().get(pk=guest_id)
    guest = _told_of_no_more(now).filter(pk=guest_id).first()
    if guest is None:
        return False
    guest.email, guest.phone_e164 = FORGOTTEN.format(uuid=guest.uuid), ""
    guest.save(update_fields=["email", "phone_e164"])
    purge_consents_of([guest.subject])
    return True


def _told_of_no_more(now: datetime) -> QuerySet[Guest]:
    telling = Reservation.objects.filter(guest=OuterRef("pk")).exclude(name="", phone="")
    restrictions = Restriction.objects.filter(guest=OuterRef("pk"), lifted_at=None).exclude(ends_on__lt=day_of(now))
    is_forgotten = Q(email__endswith=FORGOTTEN.partition("}")[2], phone_e164="")
    made_before = now - settings.RETENTION["bare_hold"]
    guests = Guest.objects.filter(~Exists(telling), ~Exists(restrictions), created_at__lte=made_before)
    return guests.exclude(is_forgotten)

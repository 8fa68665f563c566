"""What the office itself is told: a reservation that only a person can judge."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.enums import MailKind
from booking.mails.base import queue
from booking.models import Reservation
from mailing.composers import Message, Superseded, composer
from mailing.models import OutgoingMail
from mailing.texts import render

DECISION = "decision:"
"""The cause is this and the reservation's uuid: the mails about the reservation itself are the person's to read."""


def queue_decision_wanted(
    reservation: Reservation, *, person_came: bool, now: datetime, was_no_show: bool = False
) -> None:
    """To the office's mail address, where it has one; the list in the admin counts it in any case.

    `was_no_show`: the portal had called the person absent already, and learned of the sign too late.
    """
    mail = OutgoingMail(
        kind=MailKind.DECISION_WANTED,
        cause=f"{DECISION}{reservation.uuid}",
        occurrence=f"{reservation.calendar_sequence}{' late' if was_no_show else ''}",
        to=reservation.office.email,
        due_at=now,
        context={"person_came": person_came, "was_no_show": was_no_show},
    )
    queue([mail], now=now)


@composer(MailKind.DECISION_WANTED)
def decision_wanted(mail: OutgoingMail, *, now: datetime) -> Message:
    """Number and time only: mail of an office is read by many."""
    rows = Reservation.objects.select_related("office", "service")
    reservation = rows.filter(uuid=mail.cause.removeprefix(DECISION)).first()
    if reservation is None or not (reservation.needs_decision or mail.context["was_no_show"]):
        raise Superseded(_("すでに対応されたため、送りませんでした。"))
    context = {
        "reservation": reservation,
        "office": reservation.office,
        "person_came": mail.context["person_came"],
        "was_no_show": mail.context["was_no_show"],
        "list_url": f"{settings.PORTAL_URL}{reverse('admin:decisions')}?office={reservation.office.number}",
    }
    subject, body = render(f"booking/mail/{mail.kind}", context, language=mail.language)
    return Message(subject=subject, body=body)

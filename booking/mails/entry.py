"""The mail about a reservation that staff entered and that becomes firm by the reply (K-19, S-24)."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.enums import MailKind, ReservationStatus
from booking.guest_access import token_of
from booking.mails.base import in_status, message_about, new_mail, queue
from booking.models import Reservation
from mailing.composers import Message, Superseded, composer
from mailing.models import OutgoingMail

REPLIES = "booking.mails.entry.replies"
"""Salt of the link with which a person answers."""


def reply_url(reservation: Reservation) -> str:
    return f"{settings.PORTAL_URL}{reverse('booking:reply', args=[token_of(reservation, REPLIES)])}"


def queue_reply_wanted(reservation: Reservation, *, now: datetime) -> None:
    queue([new_mail(MailKind.REPLY_WANTED, reservation, due_at=now)], now=now)


@composer(MailKind.REPLY_WANTED)
def reply_wanted(mail: OutgoingMail, *, now: datetime) -> Message:
    """Who answers this mail reaches the office: staff read it and mark the reply."""
    reservation = in_status(mail, ReservationStatus.AWAITING_REPLY)
    if reservation.has_run_out(now=now):
        raise Superseded(_("返信の期限を過ぎたため、送りませんでした。"))
    url = reply_url(reservation)
    message = message_about(
        mail,
        reservation,
        now=now,
        reply_url=url,
        until=reservation.hold_expires_at,
        replies_reach_office=bool(reservation.office.email),
    )
    return replace(message, reply_to=reservation.office.email, secrets=(*message.secrets, url))

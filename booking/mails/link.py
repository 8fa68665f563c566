"""The mails of a reservation by mail link: the link that makes it firm (S-31), or why there is none.

Neither carries anything that was typed: the address may be somebody else's, and nobody writes to them through us.
"""

from datetime import datetime, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking.enums import MailKind, ReservationStatus
from booking.errors import BookingError
from booking.guest_access import confirm_url
from booking.mails.base import facts_of, in_status, new_mail, queue
from booking.mails.texts import JAPANESE, render_mail
from booking.models import Reservation, Service
from mailing.composers import Message, Superseded, composer
from mailing.models import OutgoingMail
from mailing.queue import queue_text

REFUSED = "link_request_refused"
ONE_SECOND = timedelta(seconds=1)


def queue_confirm_address(reservation: Reservation, *, now: datetime) -> None:
    mail = new_mail(MailKind.CONFIRM_ADDRESS, reservation, due_at=now)
    mail.is_secret = True  # who reads the ledger is not who has the address
    queue([mail], now=now)


def queue_refusal(to: str, *, refused: BookingError, service: Service, starts_at: datetime, now: datetime) -> None:
    """What may be told to the owner of the address only. In the caller's transaction."""
    context = {"service": service, "office": service.office, "starts_at": starts_at, "sentence": refused.message}
    language = get_language() or JAPANESE
    subject, body = render_mail("booking/guest/link_request_refused", context, language=language)
    queue_text(kind=REFUSED, to=to, subject=subject, body=body, now=now, language=language)


def usable_until(reservation: Reservation) -> datetime | None:
    """The last second of the link, to be told: the end itself is the first moment at which it is too late."""
    return reservation.hold_expires_at - ONE_SECOND if reservation.hold_expires_at else None


@composer(MailKind.CONFIRM_ADDRESS)
def confirm_address(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = in_status(mail, ReservationStatus.AWAITING_LINK)
    if reservation.has_run_out(now=now):
        raise Superseded(_("確認の期限を過ぎたため、送りませんでした。"))
    facts = {**facts_of(reservation), "confirm_url": confirm_url(reservation), "until": usable_until(reservation)}
    subject, body = render_mail(f"booking/mail/{mail.kind}", facts, language=mail.language)
    return Message(subject=subject, body=body, to=reservation.email)

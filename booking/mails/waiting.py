"""The mails of the waiting list: a place is offered, waiting is over."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from booking.enums import MailKind, ReservationStatus, WaitingState
from booking.mails.base import facts_of, in_status, new_mail, queue, secrets_in
from booking.mails.texts import render_mail
from booking.models import Reservation, WaitingEntry
from mailing.composers import Message, Superseded, composer
from mailing.message import one_line
from mailing.models import OutgoingMail


def queue_offer(entry: WaitingEntry, reservation: Reservation, *, now: datetime) -> None:
    queue([new_mail(MailKind.OFFER, reservation, due_at=now, context={"entry": entry.pk})], now=now)


def queue_waiting_ended(entry: WaitingEntry, *, now: datetime) -> None:
    """Once for an entry, and to nobody whose account is gone."""
    to = entry.seeker.email if entry.seeker.is_active else ""
    mail = OutgoingMail(
        kind=MailKind.WAITING_ENDED,
        cause=cause_of(entry),
        to=to,
        language=entry.seeker.language,
        due_at=now,
        context={"entry": entry.pk},
    )
    queue([mail], now=now)


def cause_of(entry: WaitingEntry) -> str:
    """The cause of a mail that speaks of the entry and of no place."""
    return f"waiting:{entry.pk}"


@composer(MailKind.OFFER)
def offer(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = in_status(mail, ReservationStatus.OFFERED)
    if reservation.has_run_out(now=now):
        raise Superseded(_("ご案内の期限が過ぎたため、送りませんでした。"))
    entry = WaitingEntry.objects.with_facts().get(pk=mail.context["entry"])
    context = {**facts_of(reservation), **_facts(entry), "until": reservation.hold_expires_at}
    return replace(_message(mail, context, to=reservation.email), secrets=secrets_in(context))


@composer(MailKind.WAITING_ENDED)
def waiting_ended(mail: OutgoingMail, *, now: datetime) -> Message:
    entry = WaitingEntry.objects.with_facts().filter(pk=mail.context["entry"], state=WaitingState.ENDED).first()
    if entry is None or not entry.seeker.is_active:
        raise Superseded(_("空き待ちの記録がありません。"))
    return _message(mail, _facts(entry), to=entry.seeker.email)


def _facts(entry: WaitingEntry) -> dict[str, Any]:
    return {
        "name": one_line(str(entry.seeker)),
        "entry": entry,
        "service": entry.service,
        "office": entry.service.office,
        "waiting_url": f"{settings.PORTAL_URL}{entry.get_absolute_url()}",
        "portal_url": settings.PORTAL_URL,
    }


def _message(mail: OutgoingMail, context: dict[str, Any], *, to: str) -> Message:
    subject, body = render_mail(f"booking/mail/{mail.kind}", context, language=mail.language)
    return Message(subject=subject, body=body, to=to)

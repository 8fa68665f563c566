"""The mails about a request that the office arranges: received, proposed, refused, lapsed."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from booking.enums import MailKind, RequestState, ReservationStatus
from booking.mails.base import in_status, message_about, queue
from booking.mails.texts import render_mail
from booking.models import Reservation, SessionRequest
from mailing.composers import Message, Superseded, composer
from mailing.message import one_line
from mailing.models import OutgoingMail


def queue_request_received(request: SessionRequest, *, now: datetime) -> None:
    queue([_mail(MailKind.REQUEST_RECEIVED, request, now=now)], now=now)


def queue_proposal(request: SessionRequest, *, now: datetime) -> None:
    """One for each proposal: a new one replaces the former."""
    place = request.reservation.number if request.reservation else ""
    queue([_mail(MailKind.PROPOSAL, request, now=now, occurrence=place)], now=now)


def queue_refusal(request: SessionRequest, *, now: datetime) -> None:
    queue([_mail(MailKind.REQUEST_REFUSED, request, now=now)], now=now)


def queue_lapsed(lapsed_one: SessionRequest | Reservation, *, now: datetime) -> None:
    """Of a request whose proposal nobody answered, or of any reservation nobody agreed to in time."""
    queue([_mail(MailKind.LAPSED, lapsed_one, now=now)], now=now)


@composer(MailKind.REQUEST_RECEIVED)
def request_received(mail: OutgoingMail, *, now: datetime) -> Message:
    """Also when the office was faster: the number stands in it."""
    return _message(mail, _request_of(mail))


@composer(MailKind.PROPOSAL)
def proposal(mail: OutgoingMail, *, now: datetime) -> Message:
    request = _in_state(mail, RequestState.PROPOSED)
    place = request.reservation
    if place is None or place.number != mail.occurrence:
        raise Superseded(_("別の日時を提案したため、送りませんでした。"))
    if place.has_run_out(now=now):
        raise Superseded(_("提案の期限を過ぎたため、送りませんでした。"))
    return _message(mail, request, starts_at=place.starts_at, ends_at=place.ends_at, until=place.hold_expires_at)


@composer(MailKind.REQUEST_REFUSED)
def request_refused(mail: OutgoingMail, *, now: datetime) -> Message:
    request = _in_state(mail, RequestState.REFUSED)
    return _message(mail, request, reason=request.reason)


@composer(MailKind.LAPSED)
def lapsed(mail: OutgoingMail, *, now: datetime) -> Message:
    if not SessionRequest.objects.filter(uuid=mail.cause).exists():
        return message_about(mail, in_status(mail, ReservationStatus.LAPSED), now=now)
    request = _in_state(mail, RequestState.LAPSED)
    place = request.reservation
    facts = {"starts_at": place.starts_at, "ends_at": place.ends_at} if place else {}
    return _message(mail, request, **facts)


def _mail(kind: MailKind, about: SessionRequest | Reservation, *, now: datetime, occurrence: str = "") -> OutgoingMail:
    person = about.person if isinstance(about, Reservation) else about.seeker
    return OutgoingMail(
        kind=kind,
        cause=str(about.uuid),
        occurrence=occurrence,
        to=about.email,
        language=person.language,
        due_at=now,
    )


def _request_of(mail: OutgoingMail) -> SessionRequest:
    request = SessionRequest.objects.with_facts().filter(uuid=mail.cause).first()
    if request is None:
        raise Superseded(_("申込みがありません。"))
    return request


def _in_state(mail: OutgoingMail, state: RequestState) -> SessionRequest:
    request = _request_of(mail)
    if request.state != state:
        raise Superseded(_("申込みが「%s」になったため、送りませんでした。") % request.get_state_display())
    return request


def _message(mail: OutgoingMail, request: SessionRequest, **facts: Any) -> Message:
    context = {
        "name": one_line(request.name) or str(request.seeker),
        "number": request.display_number,
        "office": request.office,
        "service": request.service,
        "wishes": request.wishes,
        "page_url": f"{settings.PORTAL_URL}{request.get_absolute_url()}",
        "portal_url": settings.PORTAL_URL,
        **facts,
    }
    subject, body = render_mail(f"booking/mail/{mail.kind}", context, language=mail.language)
    return Message(subject=subject, body=body, to=request.email)

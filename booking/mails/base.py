"""What every mail about a reservation shares: the row in the ledger, the facts, the moment at which it is still true."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.clock import JST, at
from booking.deadlines import cancel_closes_at, join_opens_at
from booking.enums import UPCOMING, CancelChannel, ReservationStatus
from booking.guest_access import passcode_of
from booking.invitations import page_url
from booking.mails.texts import render_mail
from booking.models import OnlineMeeting, Reservation
from booking.taking_part import TakingPart, taking_part_in
from mailing.composers import CalendarFile, Message, Superseded
from mailing.message import one_line
from mailing.models import OutgoingMail
from mailing.queue import queue_mails, supersede

WAS_MOVED = gettext_lazy("予約の時刻が変わったため、送りませんでした。")


def queue(mails: Sequence[OutgoingMail], *, now: datetime) -> None:
    """Somebody known by the phone alone gets no mail: staff tell what there is to tell."""
    queue_mails([mail for mail in mails if mail.to], now=now)


def queue_instead(mail: OutgoingMail, *, reason: str, now: datetime, kinds: Iterable[str] = ()) -> None:
    """It makes untrue what is still unsent about the reservation (all, or these kinds), and does not wait for it."""
    supersede(mail, reason=reason, kinds=kinds)
    queue([mail], now=now)


def new_mail(
    kind: str,
    reservation: Reservation,
    *,
    due_at: datetime,
    occurrence: str | None = None,
    context: dict[str, Any] | None = None,
    is_waiting: bool = False,
) -> OutgoingMail:
    """By default once per version of the reservation: a moved one is confirmed and reminded of anew."""
    return OutgoingMail(
        kind=kind,
        cause=str(reservation.uuid),
        occurrence=version_of(reservation) if occurrence is None else occurrence,
        to=reservation.email,
        language=reservation.person.language,
        due_at=due_at,
        context=context or {},
        is_waiting=is_waiting,
    )


def version_of(reservation: Reservation) -> str:
    """Changes whenever it is moved."""
    return str(reservation.calendar_sequence)


def reservation_of(mail: OutgoingMail) -> Reservation:
    reservation = Reservation.objects.with_facts().filter(uuid=mail.cause).first()
    if reservation is None:
        raise Superseded(_("予約がありません。"))
    return reservation


def in_status(mail: OutgoingMail, *statuses: ReservationStatus) -> Reservation:
    reservation = reservation_of(mail)
    if reservation.status not in statuses:
        raise Superseded(why_untrue(reservation))
    return reservation


def why_untrue(reservation: Reservation) -> str:
    return _("予約が「%s」になったため、送りませんでした。") % reservation.get_status_display()


def still_to_come(mail: OutgoingMail, *, now: datetime, until_end: bool = False) -> Reservation:
    """The reservation in the version that the mail was queued for, standing, before its start (or its end).

    Moved and moved back is another version: it was confirmed, and is reminded of, anew.
    """
    reservation = standing(mail, now=now, until_end=until_end)
    if mail.occurrence != version_of(reservation):
        raise Superseded(str(WAS_MOVED))
    return reservation


def standing(mail: OutgoingMail, *, now: datetime, until_end: bool = True) -> Reservation:
    """The reservation at whatever time it is today, before its end (or its start)."""
    reservation = in_status(mail, *UPCOMING)
    if now >= (reservation.ends_at if until_end else reservation.starts_at):
        raise Superseded(_("相談の時間を過ぎたため、送りませんでした。"))
    return reservation


def message_about(
    mail: OutgoingMail,
    reservation: Reservation,
    *,
    now: datetime,
    calendar: CalendarFile | None = None,
    reason: str = "",
    meeting: OnlineMeeting | None = None,
    **more: Any,
) -> Message:
    """`more` are facts that only this kind of mail speaks of. A `meeting` that is given is not looked for."""
    with translation.override(mail.language):
        facts = facts_of(reservation, meeting=meeting)
        context = {**facts, **ways_to_cancel(reservation, now=now), "reason": reason, **more}
    subject, body = render_mail(f"booking/mail/{mail.kind}", context, language=mail.language)
    return Message(subject=subject, body=body, calendar=calendar, to=reservation.email, secrets=secrets_in(facts))


def secrets_in(facts: dict[str, Any]) -> tuple[str, ...]:
    """What opens the reservation or its meeting to whoever reads it: not kept in the ledger, where others read."""
    passcode, meeting = facts["guest_passcode"], facts["meeting"]
    return (passcode, facts["page_url"] if passcode else "", meeting.passcode if meeting else "")


def facts_of(reservation: Reservation, *, meeting: OnlineMeeting | None = None) -> dict[str, Any]:
    service, office = reservation.service, reservation.office
    taking_part = taking_part_in(reservation, meeting=meeting)
    return {
        "name": one_line(reservation.name) or (str(reservation.person) if reservation.email else _("利用者")),
        "number": reservation.display_number,
        "office": office,
        "service": service,
        "starts_at": reservation.starts_at,
        "ends_at": reservation.ends_at,
        "counseling": _counseling(reservation, taking_part),
        "session": gettext_lazy("電話相談") if taking_part.is_by_phone else gettext_lazy("オンライン相談"),
        "taking_part": taking_part,
        "meeting": taking_part.meeting,
        "join_opens_at": join_opens_at(reservation),
        "no_show_minutes": reservation.policy.no_show_after // timedelta(minutes=1),
        "is_upcoming": reservation.status in UPCOMING,
        "page_url": page_url(reservation),
        "guest_passcode": passcode_of(reservation) if reservation.seeker is None else "",
        "look_up_url": f"{settings.PORTAL_URL}{reverse('booking:look_up')}",
        "portal_url": settings.PORTAL_URL,
    }


def _counseling(reservation: Reservation, taking_part: TakingPart) -> Any:
    """What the session is called in a sentence, in the language of the mail; an employer does not look for work."""
    if taking_part.is_by_phone:
        return gettext_lazy("電話相談") if reservation.person.is_employer else gettext_lazy("電話での職業相談")
    return gettext_lazy("オンライン相談") if reservation.person.is_employer else gettext_lazy("オンライン職業相談")


def ways_to_cancel(reservation: Reservation, *, now: datetime) -> dict[str, Any]:
    """A deadline at midnight is told as the day that ends then: people read 24:00 and 0:00 wrongly."""
    policy = reservation.policy
    closes_at = cancel_closes_at(reservation).astimezone(JST)
    is_midnight = closes_at == at(closes_at.date(), datetime.min.time())
    return {
        "cancel_only_by_phone": policy.cancel_channel == CancelChannel.PHONE or now >= closes_at,
        "cancel_by_phone_or_mail": policy.cancel_channel == CancelChannel.PHONE_OR_MAIL,
        "cancel_by_mail_afterwards": policy.cancel_channel == CancelChannel.PORTAL_OR_MAIL,
        "cancel_until_start": closes_at == reservation.starts_at,
        "cancel_until_day": closes_at.date() - timedelta(days=1) if is_midnight else None,
        "cancel_until": closes_at,
    }

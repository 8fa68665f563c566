"""Which mail about a reservation, to whom, when, with which facts. The words are in templates/booking/mail/.

The queue_* functions write rows in the caller's transaction. The composers below run at the moment of sending and ask
again whether there is still something to say. No mail carries the topic of the counseling or the 求職番号.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from booking.clock import JST, at, day_of
from booking.enums import UPCOMING, CancelChannel, MailKind, ReservationStatus
from booking.invitations import calendar_file, page_url
from booking.models import OnlineMeeting, Reservation
from booking.policies import LINK_FOLLOWS_AFTER
from booking.rules.windows import cancel_closes_at
from mailing.composers import CalendarFile, Message, NotYet, Superseded, composer
from mailing.message import one_line
from mailing.models import MailState, OutgoingMail
from mailing.queue import queue_mails
from mailing.texts import render

ASK_AGAIN_AFTER = timedelta(seconds=30)
"""How long a mail waits for the meeting when nobody wakes it."""
HOUR_BEFORE = timedelta(hours=1)


def queue_reservation_mails(reservation: Reservation, *, now: datetime) -> None:
    """The confirmation, which waits for the meeting, and the reminders whose moment is still ahead."""
    meeting = OnlineMeeting.objects.open_of(reservation)
    confirmed_at = now if meeting else now + ASK_AGAIN_AFTER
    mails = [_mail(MailKind.CONFIRMED, reservation, due_at=confirmed_at, is_waiting=meeting is None)]
    if meeting is None:
        mails.append(_mail(MailKind.LINK_FOLLOWS, reservation, due_at=now + LINK_FOLLOWS_AFTER))
    reminders = reminder_moments(reservation)
    mails += [_mail(kind, reservation, due_at=moment) for kind, moment in reminders if now < moment]
    queue_mails(mails, now=now)


def queue_cancellation(reservation: Reservation, *, by_office: bool, reason: str, now: datetime) -> None:
    kind = MailKind.CANCELLED_BY_OFFICE if by_office else MailKind.CANCELLED_BY_SEEKER
    queue_mails([_mail(kind, reservation, due_at=now, context={"reason": reason})], now=now)


def queue_no_show(reservation: Reservation, *, now: datetime) -> None:
    """One for each time that it happens: staff may undo it and it may happen again."""
    times = reservation.events.filter(to_status=ReservationStatus.NO_SHOW).count()
    queue_mails([_mail(MailKind.NO_SHOW, reservation, due_at=now, occurrence=str(times))], now=now)


def queue_new_link(reservation: Reservation, *, now: datetime) -> None:
    """The meeting was replaced: tell its new ID as soon as it is open."""
    meeting = OnlineMeeting.objects.live().filter(reservation=reservation).first()
    occurrence = f"meeting {meeting.pk}" if meeting else ""
    mail = _mail(MailKind.NEW_LINK, reservation, due_at=now + ASK_AGAIN_AFTER, occurrence=occurrence, is_waiting=True)
    queue_mails([mail], now=now)


def reminder_moments(reservation: Reservation) -> list[tuple[str, datetime]]:
    day_before = day_of(reservation.starts_at) - timedelta(days=1)
    return [
        (MailKind.REMINDER_DAY, at(day_before, reservation.office.reminder_at)),
        (MailKind.REMINDER_HOUR, reservation.starts_at - HOUR_BEFORE),
    ]


@composer(MailKind.CONFIRMED)
def reservation_confirmed(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = _still_to_come(mail, until_end=True, now=now)
    if OnlineMeeting.objects.open_of(reservation) is None:
        raise NotYet(now + ASK_AGAIN_AFTER)
    calendar = None if _has_invitation(reservation) else calendar_file(reservation, method="REQUEST", now=now)
    return _message(mail, reservation, now=now, calendar=calendar)


@composer(MailKind.LINK_FOLLOWS)
def place_confirmed_link_follows(mail: OutgoingMail, *, now: datetime) -> Message:
    """Carries the invitation: the place in the calendar is certain, only the meeting is not."""
    reservation = _still_to_come(mail, until_end=True, now=now)
    if OnlineMeeting.objects.open_of(reservation):
        raise Superseded(_("予約確定のメールで、すべてお知らせしました。"))
    return _message(mail, reservation, now=now, calendar=calendar_file(reservation, method="REQUEST", now=now))


@composer(MailKind.REMINDER_DAY)
def reminder_day_before(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = _still_to_come(mail, now=now)
    if now >= reservation.starts_at - HOUR_BEFORE:
        raise Superseded(_("1時間前のお知らせと重なるため、送りませんでした。"))
    return _message(mail, reservation, now=now)


@composer(MailKind.REMINDER_HOUR)
def reminder_hour_before(mail: OutgoingMail, *, now: datetime) -> Message:
    return _message(mail, _still_to_come(mail, now=now), now=now)


@composer(MailKind.CANCELLED_BY_SEEKER)
def cancelled_by_seeker(mail: OutgoingMail, *, now: datetime) -> Message:
    return _cancelled(mail, ReservationStatus.CANCELLED_BY_SEEKER, now=now)


@composer(MailKind.CANCELLED_BY_OFFICE)
def cancelled_by_office(mail: OutgoingMail, *, now: datetime) -> Message:
    return _cancelled(mail, ReservationStatus.CANCELLED_BY_OFFICE, now=now)


@composer(MailKind.NO_SHOW)
def no_show(mail: OutgoingMail, *, now: datetime) -> Message:
    """Without a calendar file: the event is already past."""
    return _message(mail, _in_status(mail, ReservationStatus.NO_SHOW), now=now)


@composer(MailKind.NEW_LINK)
def new_link(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = _still_to_come(mail, until_end=True, now=now)
    meeting = OnlineMeeting.objects.open_of(reservation)
    if meeting is None:
        raise NotYet(now + ASK_AGAIN_AFTER)
    if mail.occurrence not in ("", f"meeting {meeting.pk}"):
        raise Superseded(_("オンライン会議が、もう一度作り直されました。"))
    return _message(mail, reservation, now=now)


def _mail(
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
        occurrence=str(reservation.calendar_sequence) if occurrence is None else occurrence,
        to=reservation.seeker.email,
        due_at=due_at,
        context={"starts_at": reservation.starts_at.isoformat(), **(context or {})},
        is_waiting=is_waiting,
    )


def _reservation_of(mail: OutgoingMail) -> Reservation:
    reservation = Reservation.objects.with_facts().filter(uuid=mail.cause).first()
    if reservation is None:
        raise Superseded(_("予約がありません。"))
    return reservation


def _in_status(mail: OutgoingMail, *statuses: ReservationStatus) -> Reservation:
    reservation = _reservation_of(mail)
    if reservation.status not in statuses:
        raise Superseded(_("予約が「%s」になったため、送りませんでした。") % reservation.get_status_display())
    return reservation


def _still_to_come(mail: OutgoingMail, *, now: datetime, until_end: bool = False) -> Reservation:
    """The reservation, standing and at the time the mail was queued for, before its start (or its end)."""
    reservation = _in_status(mail, *UPCOMING)
    if reservation.starts_at != datetime.fromisoformat(mail.context["starts_at"]):
        raise Superseded(_("予約の時刻が変わったため、送りませんでした。"))
    if now >= (reservation.ends_at if until_end else reservation.starts_at):
        raise Superseded(_("相談の時間を過ぎたため、送りませんでした。"))
    return reservation


def _cancelled(mail: OutgoingMail, status: ReservationStatus, *, now: datetime) -> Message:
    reservation = _in_status(mail, status)
    calendar = calendar_file(reservation, method="CANCEL", now=now)
    return _message(mail, reservation, now=now, calendar=calendar, reason=mail.context["reason"])


def _has_invitation(reservation: Reservation) -> bool:
    """Did the mail before this one carry it? The same SEQUENCE twice confuses calendars (domain-and-standards E)."""
    earlier = OutgoingMail.objects.about(str(reservation.uuid)).filter(kind=MailKind.LINK_FOLLOWS, state=MailState.SENT)
    return earlier.filter(occurrence=str(reservation.calendar_sequence)).exists()


def _message(
    mail: OutgoingMail,
    reservation: Reservation,
    *,
    now: datetime,
    calendar: CalendarFile | None = None,
    reason: str = "",
) -> Message:
    context = {**_facts(reservation), **_ways_to_cancel(reservation, now=now), "reason": reason}
    subject, body = render(f"booking/mail/{mail.kind}", context, language=mail.language)
    return Message(subject=subject, body=body, calendar=calendar, to=_address_of_today(reservation))


def _facts(reservation: Reservation) -> dict[str, Any]:
    service, office = reservation.service, reservation.office
    return {
        "name": one_line(reservation.name) or str(reservation.seeker),
        "number": reservation.display_number,
        "office": office,
        "service": service,
        "starts_at": reservation.starts_at,
        "ends_at": reservation.ends_at,
        "software": service.software.label,
        "meeting": OnlineMeeting.objects.open_of(reservation),
        "join_opens_at": reservation.starts_at - service.policy.join_opens_before,
        "no_show_minutes": int(service.policy.no_show_after.total_seconds() // 60),
        "is_upcoming": reservation.status in UPCOMING,
        "page_url": page_url(reservation),
        "portal_url": settings.PORTAL_URL,
    }


def _ways_to_cancel(reservation: Reservation, *, now: datetime) -> dict[str, Any]:
    """A deadline at midnight is told as the day that ends then: people read 24:00 and 0:00 wrongly."""
    policy = reservation.service.policy
    closes_at = cancel_closes_at(reservation.starts_at, policy).astimezone(JST)
    is_midnight = closes_at == at(closes_at.date(), datetime.min.time())
    return {
        "cancel_only_by_phone": policy.cancel_channel == CancelChannel.PHONE or now >= closes_at,
        "cancel_until_start": closes_at == reservation.starts_at,
        "cancel_until_day": closes_at.date() - timedelta(days=1) if is_midnight else None,
        "cancel_until": closes_at,
    }


def _address_of_today(reservation: Reservation) -> str:
    """The seeker may have changed it since; after the account is deleted, the one that was queued."""
    return reservation.seeker.email if reservation.seeker.is_active else ""

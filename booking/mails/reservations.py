"""The mails about a reservation that is firm: confirmed, reminded of, cancelled, not come to."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from booking.clock import at, day_of
from booking.enums import CAN_BE_ENTERED, MailKind, ReservationStatus
from booking.invitations import calendar_file
from booking.mails.base import (
    in_status,
    message_about,
    new_mail,
    queue,
    queue_instead,
    standing,
    still_to_come,
    version_of,
    why_untrue,
)
from booking.models import OnlineMeeting, Reservation
from booking.policies import LINK_FOLLOWS_AFTER
from mailing.composers import Message, NotYet, Superseded, composer
from mailing.models import MailState, OutgoingMail

ASK_AGAIN_AFTER = timedelta(seconds=30) / settings.PACE
"""How long a mail waits for the meeting when nobody wakes it."""
HOUR_BEFORE = timedelta(hours=1)


def queue_reservation_mails(reservation: Reservation, *, now: datetime, meeting: OnlineMeeting | None = None) -> None:
    """The confirmation, which waits for the meeting, and the reminders whose moment is still ahead.

    `meeting` is the one that was just asked for; without it, it is looked for.
    """
    if meeting is None:
        meeting = OnlineMeeting.objects.open_of(reservation)
    is_open = meeting is not None and meeting.state in CAN_BE_ENTERED
    confirmed_at = now if is_open else now + ASK_AGAIN_AFTER
    mails = [new_mail(MailKind.CONFIRMED, reservation, due_at=confirmed_at, is_waiting=not is_open)]
    if not is_open:
        mails.append(new_mail(MailKind.LINK_FOLLOWS, reservation, due_at=now + LINK_FOLLOWS_AFTER))
    reminders = reminder_moments(reservation)
    mails += [new_mail(kind, reservation, due_at=moment) for kind, moment in reminders if now < moment]
    queue(mails, now=now)


def queue_cancellation(reservation: Reservation, *, by_office: bool, reason: str, now: datetime) -> None:
    kind = MailKind.CANCELLED_BY_OFFICE if by_office else MailKind.CANCELLED_BY_SEEKER
    mail = new_mail(kind, reservation, due_at=now, context={"reason": reason})
    queue_instead(mail, reason=why_untrue(reservation), now=now)


def queue_no_show(reservation: Reservation, *, now: datetime) -> None:
    """One for each time that it happens: staff may undo it and it may happen again."""
    times = reservation.events.filter(to_status=ReservationStatus.NO_SHOW).count()
    mail = new_mail(MailKind.NO_SHOW, reservation, due_at=now, occurrence=str(times))
    queue_instead(mail, reason=why_untrue(reservation), now=now)


def queue_new_link(reservation: Reservation, *, now: datetime) -> None:
    """The meeting was replaced: tell its new ID as soon as it is open."""
    meeting = OnlineMeeting.objects.live().filter(reservation=reservation).first()
    occurrence = f"meeting {meeting.pk}" if meeting else ""
    mail = new_mail(
        MailKind.NEW_LINK, reservation, due_at=now + ASK_AGAIN_AFTER, occurrence=occurrence, is_waiting=True
    )
    queue([mail], now=now)


def reminder_moments(reservation: Reservation) -> list[tuple[str, datetime]]:
    day_before = day_of(reservation.starts_at) - timedelta(days=1)
    return [
        (MailKind.REMINDER_DAY, at(day_before, reservation.office.reminder_at)),
        (MailKind.REMINDER_HOUR, reservation.starts_at - HOUR_BEFORE),
    ]


@composer(MailKind.CONFIRMED)
def reservation_confirmed(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = still_to_come(mail, until_end=True, now=now)
    if OnlineMeeting.objects.open_of(reservation) is None:
        raise NotYet(now + ASK_AGAIN_AFTER)
    calendar = None if _has_invitation(reservation) else calendar_file(reservation, method="REQUEST", now=now)
    return message_about(mail, reservation, now=now, calendar=calendar)


@composer(MailKind.LINK_FOLLOWS)
def place_confirmed_link_follows(mail: OutgoingMail, *, now: datetime) -> Message:
    """Carries the invitation: the place in the calendar is certain, only the meeting is not."""
    reservation = still_to_come(mail, until_end=True, now=now)
    if OnlineMeeting.objects.open_of(reservation):
        raise Superseded(_("予約確定のメールで、すべてお知らせしました。"))
    return message_about(mail, reservation, now=now, calendar=calendar_file(reservation, method="REQUEST", now=now))


@composer(MailKind.REMINDER_DAY)
def reminder_day_before(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = still_to_come(mail, now=now)
    if now >= reservation.starts_at - HOUR_BEFORE:
        raise Superseded(_("1時間前のお知らせと重なるため、送りませんでした。"))
    return message_about(mail, reservation, now=now)


@composer(MailKind.REMINDER_HOUR)
def reminder_hour_before(mail: OutgoingMail, *, now: datetime) -> Message:
    return message_about(mail, still_to_come(mail, now=now), now=now)


@composer(MailKind.CANCELLED_BY_SEEKER)
def cancelled_by_seeker(mail: OutgoingMail, *, now: datetime) -> Message:
    return _cancelled(mail, ReservationStatus.CANCELLED_BY_SEEKER, now=now)


@composer(MailKind.CANCELLED_BY_OFFICE)
def cancelled_by_office(mail: OutgoingMail, *, now: datetime) -> Message:
    return _cancelled(mail, ReservationStatus.CANCELLED_BY_OFFICE, now=now)


@composer(MailKind.NO_SHOW)
def no_show(mail: OutgoingMail, *, now: datetime) -> Message:
    """Without a calendar file: the event is already past."""
    return message_about(mail, in_status(mail, ReservationStatus.NO_SHOW), now=now)


@composer(MailKind.NEW_LINK)
def new_link(mail: OutgoingMail, *, now: datetime) -> Message:
    """Whatever the time is by now: the way in is the same."""
    reservation = standing(mail, now=now)
    meeting = OnlineMeeting.objects.open_of(reservation)
    if meeting is None:
        raise NotYet(now + ASK_AGAIN_AFTER)
    if mail.occurrence not in ("", f"meeting {meeting.pk}"):
        raise Superseded(_("オンライン会議が、もう一度作り直されました。"))
    return message_about(mail, reservation, now=now)


def _cancelled(mail: OutgoingMail, status: ReservationStatus, *, now: datetime) -> Message:
    reservation = in_status(mail, status)
    calendar = calendar_file(reservation, method="CANCEL", now=now)
    return message_about(mail, reservation, now=now, calendar=calendar, reason=mail.context["reason"])


def _has_invitation(reservation: Reservation) -> bool:
    """Did the mail before this one carry it? The same SEQUENCE twice confuses calendars (domain-and-standards E)."""
    earlier = OutgoingMail.objects.about(str(reservation.uuid)).filter(kind=MailKind.LINK_FOLLOWS, state=MailState.SENT)
    return earlier.filter(occurrence=version_of(reservation)).exists()

"""The mail about another time: with the same event in the calendar, one SEQUENCE later."""

from datetime import datetime

from booking.enums import MailKind
from booking.invitations import calendar_file
from booking.mails.base import WAS_MOVED, message_about, new_mail, queue, queue_instead, still_to_come
from booking.mails.reservations import queue_new_link, reminder_moments
from booking.models import OnlineMeeting, Reservation
from mailing.composers import Message, composer
from mailing.models import OutgoingMail

TELL_THE_TIME = (
    MailKind.CONFIRMED,
    MailKind.LINK_FOLLOWS,
    MailKind.REMINDER_DAY,
    MailKind.REMINDER_HOUR,
    MailKind.MOVED,
)


def queue_move(reservation: Reservation, *, from_start: datetime, reason: str, now: datetime) -> None:
    """The new time at once, its reminders, and the link when it is another one or not there yet.

    What was queued for the old time and is not sent yet is untrue.
    """
    context = {"from": from_start.isoformat(), "reason": reason}
    mail = new_mail(MailKind.MOVED, reservation, due_at=now, context=context)
    queue_instead(mail, reason=str(WAS_MOVED), kinds=TELL_THE_TIME, now=now)
    reminders = reminder_moments(reservation)
    queue([new_mail(kind, reservation, due_at=moment) for kind, moment in reminders if now < moment], now=now)
    if OnlineMeeting.objects.open_of(reservation) is None:
        queue_new_link(reservation, now=now)


@composer(MailKind.MOVED)
def moved(mail: OutgoingMail, *, now: datetime) -> Message:
    reservation = still_to_come(mail, until_end=True, now=now)
    calendar = calendar_file(reservation, method="REQUEST", now=now)
    former = datetime.fromisoformat(mail.context["from"])
    return message_about(mail, reservation, now=now, calendar=calendar, former=former, reason=mail.context["reason"])

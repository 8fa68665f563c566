"""What the office tells after a session that did not take place, and when it closes its online booking to a person."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from booking.enums import Action, Ground, MailKind, ReservationStatus
from booking.mails.base import in_status, message_about, new_mail, queue, queue_instead, why_untrue
from booking.mails.texts import render_mail
from booking.models import Reservation, Restriction
from booking.refusals import contact
from mailing.composers import Message, Superseded, composer
from mailing.message import one_line
from mailing.models import OutgoingMail
from offices.models import Office

RESTRICTION = "restriction:"
"""The cause of a restriction's mail is this and its key: it may have no reservation."""


def queue_office_absent(reservation: Reservation, *, was_no_show: bool, now: datetime) -> None:
    context = {"was_no_show": was_no_show}
    mail = new_mail(MailKind.OFFICE_ABSENT, reservation, due_at=now, context=context)
    queue_instead(mail, reason=why_untrue(reservation), now=now)


def queue_warning(reservation: Reservation, *, now: datetime) -> None:
    """One for each time that it was decided: staff may undo the no-show, and it may happen again."""
    times = reservation.events.filter(action=Action.MARK_NO_SHOW).count()
    queue([new_mail(MailKind.NO_SHOW_WARNING, reservation, due_at=now, occurrence=str(times))], now=now)


def queue_restricted(restriction: Restriction, *, now: datetime) -> None:
    mail = OutgoingMail(
        kind=MailKind.RESTRICTED,
        cause=f"{RESTRICTION}{restriction.pk}",
        to=email_of(restriction.person),
        language=restriction.person.language,
        due_at=now,
    )
    queue([mail], now=now)


def email_of(person: Any) -> str:
    """Where an account or a guest is written to; empty for somebody known by the phone alone, or gone."""
    return person.email if getattr(person, "is_active", True) else ""


def default_text(office: Office, *, ground: str) -> str:
    """What staff find in the field and may change: polite, neutral, with the phone. The mail adds until when."""
    lines = [
        _opening(ground),
        "",
        _("そのため、しばらくの間、オンラインでの予約をお受けできません。"),
        _("窓口や電話での相談は、これまでどおりご利用いただけます。"),
        "",
        _("ご事情やご不明な点は、%(contact)sへお気軽にご連絡ください。") % {"contact": contact(office)},
    ]
    return "\n".join(lines)


def _opening(ground: str) -> str:
    """Only what the person can do something about is named; everything else is talked about on the phone."""
    if ground == Ground.NO_SHOWS:
        return _("ご予約の日時に、ご連絡がないまま参加いただけないことがありました。")
    if ground == Ground.REGISTRATION_TO_CHECK:
        return _("求職登録の内容に、確認が必要なところがあります。窓口で登録内容の確認をお願いします。")
    return _("オンライン相談のご利用について、お話ししたいことがあります。")


@composer(MailKind.OFFICE_ABSENT)
def office_absent(mail: OutgoingMail, *, now: datetime) -> Message:
    """Without a calendar file: the event is already past."""
    taken_back = _("「参加なし」とお知らせしたことは、取り消します。失礼いたしました。")
    reservation = in_status(mail, ReservationStatus.OFFICE_ABSENT)
    return message_about(mail, reservation, now=now, reason=taken_back if mail.context["was_no_show"] else "")


@composer(MailKind.NO_SHOW_WARNING)
def no_show_warning(mail: OutgoingMail, *, now: datetime) -> Message:
    return message_about(mail, in_status(mail, ReservationStatus.NO_SHOW), now=now)


@composer(MailKind.RESTRICTED)
def restricted(mail: OutgoingMail, *, now: datetime) -> Message:
    """The text as staff wrote it, below the person's name. Nothing is told that was lifted meanwhile."""
    rows = Restriction.objects.select_related("office", "seeker", "guest", "reservation")
    restriction = rows.get(pk=mail.cause.removeprefix(RESTRICTION))
    if restriction.lifted_at is not None:
        raise Superseded(_("利用制限が解除されたため、送りませんでした。"))
    context = {
        "name": _name_of(restriction),
        "text": restriction.text,
        "ends_on": restriction.ends_on,
        "office": restriction.office,
        "portal_url": settings.PORTAL_URL,
    }
    subject, body = render_mail(f"booking/mail/{mail.kind}", context, language=mail.language)
    return Message(subject=subject, body=body, to=email_of(restriction.person))


def _name_of(restriction: Restriction) -> str:
    reservation = restriction.reservation
    name = reservation.name if reservation else ""
    return one_line(name or getattr(restriction.person, "name", "")) or str(restriction.person)

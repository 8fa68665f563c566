"""The warning to the office: links that nobody has entered yet, well before the person has to ask (S-25, X-14)."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.clock import day_of
from booking.models import OnlineMeeting
from booking.rules.links import is_missing_too_long
from mailing.composers import Message, Superseded, composer
from mailing.models import OutgoingMail
from mailing.queue import queue_mails
from mailing.texts import render
from offices.calendar import business_days_before_at, calendar_of
from offices.models import Office

LINKS_MISSING = "links_missing"
OFFICE = "office:"
"""The cause of the mail is this and the office's number; the day is its occurrence, so there is one a day."""


def missing_too_long(office: Office, *, now: datetime) -> list[OnlineMeeting]:
    """Links that have been missing for some business days, or whose session is near; the earliest session first."""
    before, today = business_days_before_at(office), day_of(now)
    rows = OnlineMeeting.objects.missing(now).filter(reservation__office=office)
    return [
        row
        for row in rows.select_related("reservation").order_by("starts_at", "pk")
        if is_missing_too_long(
            since=day_of(row.requested_at),
            session_on=day_of(row.starts_at),
            today=today,
            business_days_before=before,
        )
    ]


def queue_links_missing(offices: Iterable[Office], *, now: datetime) -> int:
    """On a business day of the office, if it has an address; returns how many are to be written to. Safe to run twice."""
    today = day_of(now)
    mails = [
        OutgoingMail(
            kind=LINKS_MISSING,
            cause=f"{OFFICE}{office.number}",
            occurrence=today.isoformat(),
            to=office.email,
            due_at=now,
        )
        for office in offices
        if office.email
        and calendar_of(office, today, today).is_business_day(today)
        and missing_too_long(office, now=now)
    ]
    queue_mails(mails, now=now)
    return len(mails)


@composer(LINKS_MISSING)
def links_missing(mail: OutgoingMail, *, now: datetime) -> Message:
    """Of today: what was entered meanwhile is left out. Names nobody, only numbers and times."""
    office = Office.objects.get(number=mail.cause.removeprefix(OFFICE))
    rows = missing_too_long(office, now=now)
    if not rows:
        raise Superseded(_("すべての会議のURLが登録されたため、送りませんでした。"))
    facts = {
        "office": office,
        "rows": rows,
        "links_url": f"{settings.PORTAL_URL}{reverse('admin:links')}?office={office.number}",
        "portal_name": settings.PORTAL_NAME,
    }
    subject, body = render(f"booking/mail/{LINKS_MISSING}", facts, language=mail.language)
    return Message(subject=subject, body=body, to=office.email)

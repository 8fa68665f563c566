"""The mails of an office as they would look with a paragraph that is being typed: real composer, made-up facts.

Nothing is written and nothing is sent: neither the reservation nor its person is a row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from booking.clock import at, day_of
from booking.enums import MailKind, MeetingState, ReservationStatus
from booking.mails.base import message_about
from booking.mails.texts import chosen, texts_for
from booking.models import OfficeText, OnlineMeeting, Reservation, Service
from mailing.models import OutgoingMail
from mailing.texts import fold

NOBODY = 0
"""The key of the made-up person: no row has it."""
DAYS_AHEAD = timedelta(days=7)

SAMPLES = {
    MailKind.CONFIRMED: ReservationStatus.CONFIRMED,
    MailKind.REMINDER_DAY: ReservationStatus.CONFIRMED,
    MailKind.REMINDER_HOUR: ReservationStatus.CONFIRMED,
    MailKind.LINK_FOLLOWS: ReservationStatus.CONFIRMED,
    MailKind.CANCELLED_BY_SEEKER: ReservationStatus.CANCELLED_BY_SEEKER,
    MailKind.CANCELLED_BY_OFFICE: ReservationStatus.CANCELLED_BY_OFFICE,
    MailKind.NO_SHOW: ReservationStatus.NO_SHOW,
}
"""The mails that are shown, and the status of a reservation of which each speaks."""


@dataclass(frozen=True, kw_only=True)
class SampleMail:
    label: str
    subject: str
    body: str


def samples(typed: OfficeText, *, now: datetime) -> list[SampleMail]:
    """The mails in which the paragraph would stand; none where another one goes before it in every service."""
    for service in _services_of(typed):
        texts = texts_for(typed.office, service=service, language=typed.language)
        others = [text for text in texts if text.pk != typed.pk and _key(text) != _key(typed)]
        places = chosen([*others, typed], language=typed.language)
        if places[typed.place] == typed.text:
            return list(_samples(typed, service, places, now=now))
    return []


def _key(text: OfficeText) -> tuple[Any, ...]:
    return text.service_id, text.place, text.language


def _services_of(typed: OfficeText) -> Iterable[Service]:
    """The paragraph's own, or each that the office offers; without rules none has mails."""
    services = Service.objects.select_related("office").filter(office=typed.office, policy_versions__isnull=False)
    return (services.filter(pk=typed.service_id) if typed.service_id else services.filter(is_active=True)).distinct()


def _samples(typed: OfficeText, service: Service, places: dict[str, str], *, now: datetime) -> Iterable[SampleMail]:
    shown = fold(typed.text)
    for kind, status in SAMPLES.items():
        reservation = _reservation(service, status, now=now)
        mail = OutgoingMail(kind=kind, language=typed.language)
        message = message_about(
            mail,
            reservation,
            now=now,
            reason=_("相談員が急に不在となったため"),
            meeting=_meeting(reservation),
            office_texts=places,
        )
        if shown in message.body:
            yield SampleMail(label=str(kind.label), subject=message.subject, body=message.body)


def _reservation(service: Service, status: ReservationStatus, *, now: datetime) -> Reservation:
    day = day_of(now + DAYS_AHEAD)
    starts_at = at(day, time(10))
    person = User(pk=NOBODY, name=_("見本 花子"), email="hanako@mail.example")
    return Reservation(
        pk=NOBODY,
        number="ABCD2345",
        office=service.office,
        service=service,
        seeker=person,
        name=person.name,
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + service.policy_on(day).length,
    )


def _meeting(reservation: Reservation) -> OnlineMeeting:
    return OnlineMeeting(
        reservation=reservation,
        software=reservation.service.software,
        state=MeetingState.OPEN,
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        meeting_id="99999999999",
        passcode="123456",
    )

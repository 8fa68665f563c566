from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from booking.enums import MeetingState
from booking.mails import reservations as mails
from booking.models import OnlineMeeting, Reservation
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from tests.factories import NOW, CounselorFactory, OfficeFactory, ReservationFactory, SeekerFactory, ServiceFactory, jst


@pytest.fixture(autouse=True)
def portal(settings) -> None:
    settings.PORTAL_URL = "https://yoyaku.hellowork-sample.example"
    settings.DEFAULT_FROM_EMAIL = "ハローワーク 見本 <yoyaku@hellowork-sample.example>"


@pytest.fixture
def reservation(db) -> Reservation:
    """Tuesday 2026-06-02 10:00–10:30, booked on Monday at 10:00; reminders at 15:00 the day before and at 9:00."""
    office = OfficeFactory(name="ハローワーク見本中央", phone="0000-00-0000")
    service = ServiceFactory(
        office=office,
        name="オンライン職業相談（30分）",
        preparation="・履歴書や職務経歴書があれば、お手元にご用意ください。画面に映していただくことがあります。",
    )
    return ReservationFactory(
        number="ABCD2345",
        service=service,
        counselor=CounselorFactory(office=office, services=[service]),
        seeker=SeekerFactory(email="seeker@mail.example", name="髙𠮷 﨑子"),
        seeker_number="13010-00123456",
        topic="前の職場でのことを相談したい",
    )


@pytest.fixture
def book(reservation) -> Callable[..., Reservation]:
    def book(*, now: datetime = NOW) -> Reservation:
        with transaction.atomic():
            mails.queue_reservation_mails(reservation, now=now)
        return reservation

    return book


@pytest.fixture
def open_meeting(reservation) -> Callable[[], OnlineMeeting]:
    def open_meeting() -> OnlineMeeting:
        return OnlineMeeting.objects.create(
            reservation=reservation,
            software="zoom",
            state=MeetingState.OPEN,
            host="host@zoom.example",
            starts_at=reservation.starts_at,
            ends_at=reservation.ends_at,
            meeting_id="85746065432",
            join_url="https://zoom.us/j/85746065432?pwd=secret",
            passcode="482913",
            requested_at=NOW,
            next_attempt_at=NOW,
            opened_at=NOW,
        )

    return open_meeting


@pytest.fixture
def send_kind(smtp_server) -> Callable[..., OutgoingMail]:
    """Try the row of that kind once, at that moment, and return it as it is then. What was due before it has gone out."""

    def send_kind(kind: str, *, now: datetime) -> OutgoingMail:
        mail = OutgoingMail.objects.get(kind=kind)
        before = OutgoingMail.objects.due(now).filter(cause=mail.cause, pk__lt=mail.pk, is_waiting=False)
        before.update(state=MailState.SENT)
        send(mail.pk, now=now)
        mail.refresh_from_db()
        return mail

    return send_kind


START = jst(6, 2, 10)
SECOND = timedelta(seconds=1)

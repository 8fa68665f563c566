"""A session by telephone has no meeting to enter: no mail says so, and no calendar."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from booking.enums import MailKind, MeetingState, ReservationStatus
from booking.mails.move import queue_move
from booking.mails.reservations import queue_cancellation, queue_new_link, queue_no_show
from booking.models import OnlineMeeting, Reservation
from tests.booking_mails.conftest import START
from tests.booking_mails.test_invitations import invitation_in
from tests.booking_mails.test_texts import told
from tests.factories import NOW, EmployerFactory, jst
from tests.mailing.arrived import only, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S-24")]

MINUTE = timedelta(minutes=1)
UNTRUE = ["オンライン職業相談の", "オンライン相談", "ミーティングID", "カメラ", "入室", "「参加する」"]


@pytest.fixture
def reservation(reservation) -> Reservation:
    reservation.service.meeting_software = "phone"
    reservation.service.name = "電話での相談（30分）"
    reservation.service.save(update_fields=["meeting_software", "name"])
    return reservation


@pytest.fixture
def by_phone(reservation) -> OnlineMeeting:
    return OnlineMeeting.objects.create(
        reservation=reservation,
        software="phone",
        state=MeetingState.OPEN,
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        requested_at=NOW,
        next_attempt_at=NOW,
    )


@pytest.fixture
def every_mail(reservation, by_phone, book, send_kind, smtp_server) -> list[str]:
    book()
    for kind, now in [
        (MailKind.CONFIRMED, NOW),
        (MailKind.REMINDER_DAY, jst(6, 1, 15)),
        (MailKind.REMINDER_HOUR, jst(6, 2, 9)),
    ]:
        send_kind(kind, now=now)
    queue_move(reservation, from_start=START - timedelta(hours=1), reason="", now=NOW)
    send_kind(MailKind.MOVED, now=NOW)
    queue_new_link(reservation, now=NOW)
    send_kind(MailKind.NEW_LINK, now=NOW + MINUTE)
    Reservation.objects.update(status=ReservationStatus.NO_SHOW)
    reservation.refresh_from_db()
    queue_no_show(reservation, now=NOW)
    send_kind(MailKind.NO_SHOW, now=NOW)
    Reservation.objects.update(status=ReservationStatus.CANCELLED_BY_SEEKER)
    reservation.refresh_from_db()
    queue_cancellation(reservation, by_office=False, reason="", now=NOW)
    send_kind(MailKind.CANCELLED_BY_SEEKER, now=NOW)
    assert len(smtp_server.messages) == 7
    return [told(message) for message in smtp_server.messages]


@pytest.mark.parametrize("words", UNTRUE)
def test_no_mail_speaks_of_a_meeting(every_mail, words):
    assert not [text for text in every_mail if words in text]


def test_the_reminder_says_that_it_is_a_call(every_mail):
    assert [text for text in every_mail if text.startswith("Subject: 【ハローワーク】本日 10:00から電話相談です")]


def test_the_calendar_says_so_too(reservation, by_phone, book, send_kind, smtp_server):
    book()
    send_kind(MailKind.CONFIRMED, now=NOW)
    (event,) = Calendar.from_ical(invitation_in(only(smtp_server))[1]).walk("VEVENT")
    assert event["SUMMARY"] == "電話相談（ハローワーク見本中央）"
    assert event["LOCATION"] == "電話（ハローワークからお電話します）"


def test_an_employer_is_not_told_of_looking_for_work(reservation, by_phone, book, send_kind, smtp_server):
    reservation.seeker = EmployerFactory.create(email="saiyo@company.example")
    reservation.save(update_fields=["seeker"])
    book()
    send_kind(MailKind.CONFIRMED, now=NOW)
    assert "電話相談の予約が確定しました。" in text_of(only(smtp_server))

"""What the mails say. The snapshots are the texts as people read them."""

import unicodedata
from datetime import time, timedelta

import pytest

from booking.enums import CancelChannel, MailKind, ReservationStatus
from booking.mails import reservations as mails
from booking.models import Reservation, ReservationEvent
from mailing.models import OutgoingMail
from mailing.texts import fold
from tests.factories import NOW, change_rules, jst
from tests.mailing.arrived import only, text_of

pytestmark = pytest.mark.django_db


def told(message) -> str:
    return f"Subject: {message['Subject']}\n\n{text_of(message)}"


@pytest.fixture
def every_mail(book, send_kind, open_meeting, smtp_server, reservation) -> dict[str, str]:
    """Each kind of mail of one reservation, by kind."""
    book()
    send_kind(MailKind.LINK_FOLLOWS, now=NOW + timedelta(minutes=15))
    open_meeting()
    send_kind(MailKind.CONFIRMED, now=NOW + timedelta(minutes=20))
    send_kind(MailKind.REMINDER_DAY, now=jst(6, 1, 15))
    send_kind(MailKind.REMINDER_HOUR, now=jst(6, 2, 9))
    mails.queue_new_link(reservation, now=NOW)
    send_kind(MailKind.NEW_LINK, now=NOW + timedelta(minutes=1))
    Reservation.objects.update(status=ReservationStatus.CANCELLED_BY_SEEKER)
    mails.queue_cancellation(reservation, by_office=False, reason="", now=NOW)
    send_kind(MailKind.CANCELLED_BY_SEEKER, now=NOW)
    Reservation.objects.update(status=ReservationStatus.CANCELLED_BY_OFFICE)
    mails.queue_cancellation(reservation, by_office=True, reason="相談員が急に不在となったため", now=NOW)
    send_kind(MailKind.CANCELLED_BY_OFFICE, now=NOW)
    Reservation.objects.update(status=ReservationStatus.NO_SHOW)
    mails.queue_no_show(reservation, now=NOW)
    send_kind(MailKind.NO_SHOW, now=NOW)
    kinds = dict(OutgoingMail.objects.values_list("message_id", "kind"))
    return {kinds[message["Message-ID"]]: told(message) for message in smtp_server.messages}


@pytest.mark.requirement("K-18")
@pytest.mark.requirement("H-03")
@pytest.mark.requirement("S-24")
def test_the_mails_say_this(every_mail, snapshot):
    assert every_mail == snapshot


def test_there_is_a_mail_of_every_kind(every_mail):
    assert len(every_mail) == 8


def test_every_subject_begins_with_the_sender(every_mail):
    assert all(text.startswith("Subject: 【ハローワーク】") for text in every_mail.values())


def test_no_line_is_longer_than_35_full_width_characters(every_mail):
    def columns(line: str) -> int:
        return sum(1 + (unicodedata.east_asian_width(character) in "WFA") for character in line)

    lines = [line for text in every_mail.values() for line in text.splitlines()[1:] if "://" not in line]
    assert not [line for line in lines if columns(line) > 70]


def test_a_web_address_stands_alone_on_its_line(every_mail):
    lines = [line for text in every_mail.values() for line in text.splitlines() if "://" in line]
    assert all(line.startswith("https://yoyaku.hellowork-sample.example/") and " " not in line for line in lines)


@pytest.mark.parametrize(
    "private",
    ["13010-00123456", "前の職場", "zoom.us/j/", "090-1234-5678"],
    ids=["job seeker number", "topic", "link to the meeting", "phone of the seeker"],
)
def test_no_mail_carries(every_mail, private):
    assert not [kind for kind, text in every_mail.items() if private in text]


@pytest.mark.requirement("S-08")
def test_every_mail_tells_the_offices_phone_and_hours(every_mail):
    for text in every_mail.values():
        assert "0000-00-0000" in text
        assert "月曜から金曜 8:30〜17:15（祝日を除く）" in text


def test_every_mail_says_that_no_password_is_ever_asked(every_mail):
    assert all("パスワードをおたずねすることはありません" in text for text in every_mail.values())


def test_every_mail_names_the_person_as_typed(every_mail):
    assert all("髙𠮷 﨑子 様" in text for text in every_mail.values())


@pytest.mark.requirement("H-03")
@pytest.mark.requirement("S-06")
def test_the_confirmation_tells_meeting_id_in_groups_passcode_and_from_when_to_enter(every_mail):
    text = every_mail[MailKind.CONFIRMED]
    assert "ミーティングID: 857 4606 5432" in text
    assert "パスコード: 482913" in text
    assert "9:50から" in text


def test_a_line_break_in_a_name_forges_no_line(reservation, book, open_meeting, send_kind, smtp_server):
    Reservation.objects.update(name="見本\r\n\r\nhttps://evil.example/")
    open_meeting()
    book()
    send_kind(MailKind.CONFIRMED, now=NOW)
    assert text_of(only(smtp_server)).startswith("見本 https://evil.example/ 様\n")


def test_characters_of_markup_arrive_as_they_are(reservation, book, open_meeting, send_kind, smtp_server):
    Reservation.objects.update(name="O'Neil & <見本>")
    open_meeting()
    book()
    send_kind(MailKind.CONFIRMED, now=NOW)
    assert text_of(only(smtp_server)).startswith("O'Neil & <見本> 様\n")


@pytest.mark.requirement("K-23")
@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "相談の開始時刻まで、予約のページで取り消せます。"),
        ({"cancel_closes_days_before": 1}, "2026年6月1日(月)まで、予約のページで取り消せます。"),
        (
            {"cancel_closes_days_before": 1, "cancel_closes_at": time(17, 0)},
            "2026年6月1日(月) 17:00まで、予約のページで取り消せます。",
        ),
        ({"cancel_channel": CancelChannel.PHONE}, "取消は、お電話で受け付けています。"),
        ({"cancel_channel": CancelChannel.PHONE_OR_MAIL}, "メール: madoguchi@mail.example"),
        ({"cancel_channel": CancelChannel.PORTAL_OR_MAIL}, "その後は、お電話かメールでご連絡ください。"),
    ],
    ids=[
        "until the start",
        "until the end of the previous day",
        "until a time",
        "by phone only",
        "by phone or mail",
        "then by mail too",
    ],
)
def test_the_confirmation_says_how_and_until_when_to_cancel(
    reservation, book, open_meeting, send_kind, smtp_server, rules, words
):
    change_rules(reservation.service, **rules)
    type(reservation.office).objects.update(email="madoguchi@mail.example")
    open_meeting()
    book()
    send_kind(MailKind.CONFIRMED, now=NOW)
    assert words in text_of(only(smtp_server))


@pytest.mark.requirement("S-34")
def test_after_the_deadline_the_reminder_points_to_the_phone(reservation, book, send_kind, smtp_server):
    change_rules(reservation.service, cancel_closes_days_before=1)
    book()
    send_kind(MailKind.REMINDER_HOUR, now=jst(6, 2, 9))
    assert "取消は、お電話で受け付けています。" in text_of(only(smtp_server))


def test_a_reminder_without_a_meeting_says_that_the_id_follows(book, send_kind, smtp_server):
    book()
    send_kind(MailKind.REMINDER_HOUR, now=jst(6, 2, 9))
    assert "ミーティングIDは準備中です。" in text_of(only(smtp_server))


def test_the_event_table_is_not_needed_to_tell_a_no_show(reservation, send_kind, smtp_server):
    ReservationEvent.objects.create(
        reservation=reservation, at=NOW, action="mark_no_show", to_status=ReservationStatus.NO_SHOW
    )
    Reservation.objects.update(status=ReservationStatus.NO_SHOW)
    mails.queue_no_show(reservation, now=NOW)
    send_kind(MailKind.NO_SHOW, now=NOW)
    assert only(smtp_server).get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("あ" * 35, "あ" * 35),
        ("あ" * 36, "あ" * 35 + "\nあ"),
        ("あ" * 35 + "。", "あ" * 34 + "\nあ。"),
        ("あ" * 34 + "word next", "あ" * 34 + "\nword next"),
        ("https://x.example/" + "a" * 80, "https://x.example/" + "a" * 80),
    ],
    ids=["fits exactly", "one too many", "no full stop first", "a word stays whole", "a web address stays whole"],
)
def test_long_lines_are_broken_where_a_reader_expects_it(text, folded):
    assert fold(text) == folded

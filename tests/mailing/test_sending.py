"""One attempt to send: claimed by one worker, composed at that moment, the server's answer understood."""

import threading
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from django.core import mail as django_mail
from django.db import connection, transaction

from mailing import sending
from mailing.composers import CalendarFile, Message, NotYet, Superseded
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from tests.factories import NOW
from tests.mailing.arrived import only, text_of
from tests.mailing.rows import note
from tests.mailing.times import minutes, seconds

pytestmark = pytest.mark.django_db


def test_a_due_mail_is_sent_and_recorded(says, smtp_server):
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.sent_at, mail.attempts) == (MailState.SENT, NOW, 1)
    assert only(smtp_server)["To"] == "a@mail.example"
    assert only(smtp_server)["Subject"] == "【ハローワーク】お知らせ" == mail.subject
    assert only(smtp_server)["Message-ID"] == mail.message_id
    assert only(smtp_server)["Auto-Submitted"] == "auto-generated"


def test_rare_kanji_arrive_as_they_were_typed(says, smtp_server):
    send(note().pk, now=NOW)
    assert text_of(only(smtp_server)) == "髙𠮷 様\n\nお知らせです。\n"


def test_the_mail_is_plain_text_in_utf_8_as_base64(says, smtp_server):
    send(note().pk, now=NOW)
    assert only(smtp_server).get_content_type() == "text/plain"
    assert only(smtp_server).get_content_charset() == "utf-8"
    assert only(smtp_server)["Content-Transfer-Encoding"] == "base64"
    assert smtp_server.raw[0].isascii()


def test_no_header_begins_with_an_empty_line(says, smtp_server):
    says(Message(subject="【ハローワーク】予約が確定しました（6月2日(火) 10:00）" * 2, body="本文\n"))
    send(note().pk, now=NOW)
    head = smtp_server.raw[0].split(b"\r\n\r\n")[0].decode()
    assert not [line for line in head.split("\r\n") if line.endswith((": ", ":"))]
    assert all(len(line) <= 78 for line in head.split("\r\n"))


def test_the_sender_is_the_portal(says, smtp_server, settings):
    settings.DEFAULT_FROM_EMAIL = "ハローワーク オンライン職業相談予約 <yoyaku@hellowork-sample.example>"
    send(note().pk, now=NOW)
    header = message_from_bytes(smtp_server.raw[0])["From"]
    assert str(make_header(decode_header(header))) == settings.DEFAULT_FROM_EMAIL


def test_a_mail_is_not_sent_before_it_is_due(says, smtp_server):
    mail = note(due_at=NOW)
    send(mail.pk, now=NOW - seconds(1))
    assert not smtp_server.messages
    send(mail.pk, now=NOW)
    assert len(smtp_server.messages) == 1


def test_a_sent_mail_is_never_sent_again(says, smtp_server):
    mail = note()
    send(mail.pk, now=NOW)
    send(mail.pk, now=NOW + minutes(1))
    assert len(smtp_server.messages) == 1


def send_from_two_workers_at_once(mail: OutgoingMail) -> None:
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait(timeout=10)
        try:
            send(mail.pk, now=NOW)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_row_send_one_mail(says, smtp_server):
    send_from_two_workers_at_once(note())
    assert len(smtp_server.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_two_workers_send_two_mails(says, smtp_server, monkeypatch):
    monkeypatch.setattr(sending, "claim", lambda mail_id, *, now: OutgoingMail.objects.get(pk=mail_id))
    monkeypatch.setattr(sending, "_ours", lambda mail: OutgoingMail.objects.filter(pk=mail.pk))
    send_from_two_workers_at_once(note())
    assert len(smtp_server.messages) == 2


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_never_sent_inside_somebody_elses_transaction(says, smtp_server):
    mail = note()
    with pytest.raises(RuntimeError), transaction.atomic():
        send(mail.pk, now=NOW)
    assert not smtp_server.messages


def test_a_mail_that_cannot_be_written_yet_waits_and_that_is_no_failed_attempt(says, smtp_server):
    says(NotYet(NOW + seconds(30)))
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.due_at, mail.attempts) == (MailState.QUEUED, NOW + seconds(30), 0)
    assert not smtp_server.messages


def test_a_mail_that_has_nothing_to_say_any_more_is_superseded(says, smtp_server):
    says(Superseded("the reservation was cancelled"))
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (MailState.SUPERSEDED, "the reservation was cancelled")
    assert not smtp_server.messages


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "\x85", "\x0b"], ids=repr)
def test_a_line_break_in_the_subject_starts_no_header(says, smtp_server, line_break):
    says(Message(subject=f"【ハローワーク】見本{line_break}Bcc: b@mail.example", body="本文\n"))
    send(note().pk, now=NOW)
    assert only(smtp_server)["Bcc"] is None
    assert only(smtp_server)["Subject"] == "【ハローワーク】見本 Bcc: b@mail.example"


def test_a_line_break_in_the_reply_address_sends_nothing(says, smtp_server):
    says(Message(subject="s", body="b", reply_to="a@mail.example\nBcc: b@mail.example"))
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED
    assert not smtp_server.messages


def test_an_invitation_has_the_structure_that_calendars_understand(says, smtp_server):
    content = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    says(Message(subject="s", body="本文\n", calendar=CalendarFile(content=content, method="REQUEST")))
    send(note().pk, now=NOW)
    mixed = only(smtp_server)
    alternative, attached = mixed.iter_parts()
    plain, calendar = alternative.iter_parts()
    assert [part.get_content_type() for part in (mixed, alternative, plain, calendar, attached)] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/calendar",
        "application/ics",
    ]
    assert calendar["Content-Type"].params == {"method": "REQUEST", "charset": "utf-8"}
    assert attached.get_filename() == "invite.ics"
    assert calendar.get_payload(decode=True) == attached.get_payload(decode=True) == content


def test_a_mail_goes_to_the_address_of_today(says, smtp_server):
    says(Message(subject="s", body="b", to="new@mail.example"))
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.to == only(smtp_server)["To"] == "new@mail.example"


def test_nothing_leaves_by_another_way(says, smtp_server):
    send(note().pk, now=NOW)
    assert not getattr(django_mail, "outbox", [])

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
from mailing.periodic import purge, sweep
from mailing.queue import queue_text
from mailing.sending import MOST_ATTEMPTS, pause_after, send
from tests.factories import NOW
from tests.mailing.arrived import only, text_of
from tests.mailing.times import days, minutes, seconds

pytestmark = pytest.mark.django_db


def note(**changes) -> OutgoingMail:
    fields = {"kind": "note", "cause": "cause", "to": "a@mail.example", "due_at": NOW, **changes}
    return OutgoingMail.objects.create(**fields)


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


def test_a_composer_that_fails_is_heard_of_and_tried_again(says, smtp_server):
    says(KeyError("office"))
    mail = note()
    with pytest.raises(KeyError):
        send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.due_at) == (MailState.QUEUED, NOW + minutes(1))
    assert "office" in mail.error


@pytest.mark.requirement("S-25")
@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "553 bad mailbox"])
def test_an_address_that_the_server_refuses_for_good_fails_at_once_and_shows(says, smtp_server, answer):
    smtp_server.refuse_recipients["a@mail.example"] = answer
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED
    assert mail.error == answer
    assert list(OutgoingMail.objects.undelivered()) == [mail]


def test_a_text_that_the_server_refuses_for_good_fails_at_once(says, smtp_server):
    smtp_server.refuse_with = "554 looks like spam"
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (MailState.FAILED, "554 looks like spam")


@pytest.mark.parametrize("answer", ["450 mailbox busy", "451 try again", "421 too many connections"])
def test_an_address_refused_for_now_is_tried_again_and_arrives(says, smtp_server, answer):
    smtp_server.refuse_recipients["a@mail.example"] = answer
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.due_at) == (MailState.QUEUED, NOW + minutes(1))
    smtp_server.refuse_recipients.clear()
    send(mail.pk, now=NOW + minutes(1))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == (MailState.SENT, 2, "")


def test_the_same_mail_keeps_its_message_id_over_all_attempts(says, smtp_server):
    smtp_server.refuse_with = "451 try again"
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    first = mail.message_id
    smtp_server.refuse_with = ""
    send(mail.pk, now=NOW + minutes(1))
    assert only(smtp_server)["Message-ID"] == first


def test_a_server_that_does_not_answer_is_no_fault_of_the_mail(says, smtp_server, settings):
    settings.EMAIL_PORT = 1
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.due_at) == (MailState.QUEUED, NOW + minutes(1))
    assert "refused" in mail.error


def test_a_server_that_refuses_our_password_is_no_fault_of_the_mail(says, smtp_server, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "wrong"
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED


def test_one_bad_address_blocks_nobody_else(says, smtp_server):
    smtp_server.refuse_recipients["bad@mail.example"] = "550 no such user"
    bad, good = note(to="bad@mail.example", cause="1"), note(cause="2")
    for mail in (bad, good):
        send(mail.pk, now=NOW)
    assert only(smtp_server)["To"] == "a@mail.example"


@pytest.mark.parametrize(
    ("attempts", "pause"),
    [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (52, 60)],
    ids=lambda value: str(value),
)
def test_the_pauses_grow_to_one_hour(attempts, pause):
    assert pause_after(attempts) == minutes(pause)


def test_attempts_end_after_about_two_days():
    total = sum((pause_after(attempts) for attempts in range(1, MOST_ATTEMPTS)), minutes(0))
    assert days(1.9) < total < days(2.1)


@pytest.mark.parametrize(
    ("attempts_before", "state"),
    [(MOST_ATTEMPTS - 2, MailState.QUEUED), (MOST_ATTEMPTS - 1, MailState.FAILED)],
    ids=["last but one attempt", "last attempt"],
)
def test_the_last_attempt_that_fails_shows_to_staff(says, smtp_server, attempts_before, state):
    smtp_server.refuse_with = "451 try again"
    mail = note(attempts=attempts_before)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == state


def test_a_backend_that_sends_nothing_is_an_error(says, smtp_server, settings):
    settings.EMAIL_BACKEND = "tests.mailing.nothing.NothingBackend"
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED
    assert "NothingSentError" in mail.error


@pytest.mark.parametrize("address", ["", "no-at-sign", "a@mail.example\nBcc: b@mail.example"])
def test_what_is_no_address_fails_at_once(says, smtp_server, address):
    mail = note(to=address)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED
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


def test_a_row_whose_worker_was_killed_goes_out_after_five_minutes(says, smtp_server):
    mail = note(state=MailState.SENDING, claimed_at=NOW, attempts=1)
    sweep(now=NOW + minutes(5) - seconds(1))
    send(mail.pk, now=NOW + minutes(5) - seconds(1))
    assert not smtp_server.messages
    sweep(now=NOW + minutes(5))
    send(mail.pk, now=NOW + minutes(5))
    assert len(smtp_server.messages) == 1


def test_a_row_that_kills_every_worker_is_given_up(says, smtp_server):
    mail = note(state=MailState.SENDING, claimed_at=NOW, attempts=MOST_ATTEMPTS, body="secret", is_secret=True)
    sweep(now=NOW + minutes(5))
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (MailState.FAILED, "")


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(says, smtp_server):
    mail = note()
    claimed = sending.claim(mail.pk, now=NOW)
    sweep(now=NOW + minutes(5))
    sending.claim(mail.pk, now=NOW + minutes(5))
    sending._give_up(claimed, ValueError("late"))
    mail.refresh_from_db()
    assert mail.state == MailState.SENDING


def test_a_secret_text_is_forgotten_once_it_is_sent(smtp_server):
    mail = queue_text(
        kind="password_reset",
        to="a@mail.example",
        subject="再設定",
        body="https://x.example/key\n",
        now=NOW,
        is_secret=True,
    )
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (MailState.SENT, "")
    assert text_of(only(smtp_server)) == "https://x.example/key\n"


def test_a_secret_text_is_forgotten_when_it_cannot_be_delivered(smtp_server):
    smtp_server.refuse_recipients["a@mail.example"] = "550 no such user"
    mail = queue_text(kind="reset", to="a@mail.example", subject="s", body="key", now=NOW, is_secret=True)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (MailState.FAILED, "")


def test_a_secret_text_is_kept_while_it_may_still_be_delivered(smtp_server):
    smtp_server.refuse_with = "451 later"
    mail = queue_text(kind="reset", to="a@mail.example", subject="s", body="key", now=NOW, is_secret=True)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.body == "key"


def test_a_mail_goes_to_the_address_of_today(says, smtp_server):
    says(Message(subject="s", body="b", to="new@mail.example"))
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.to == only(smtp_server)["To"] == "new@mail.example"


@pytest.mark.parametrize(
    ("age", "body"), [(days(90), "本文"), (days(90) + seconds(1), "")], ids=["after 90 days", "one second later"]
)
def test_the_content_is_kept_90_days(age, body):
    mail = note(state=MailState.SENT, body="本文", subject="件名", due_at=NOW - age)
    purge(now=NOW)
    mail.refresh_from_db()
    assert mail.body == body


@pytest.mark.parametrize(
    ("age", "rows"), [(days(365), 1), (days(365) + seconds(1), 0)], ids=["after a year", "one second later"]
)
def test_the_delivery_record_is_kept_one_year(age, rows):
    note(state=MailState.SENT, due_at=NOW - age)
    purge(now=NOW)
    assert OutgoingMail.objects.count() == rows


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.SENDING])
def test_a_mail_that_is_still_to_be_sent_is_never_purged(state):
    note(state=state, body="本文", due_at=NOW - days(400))
    purge(now=NOW)
    assert OutgoingMail.objects.get().body == "本文"


def test_nothing_leaves_by_another_way(says, smtp_server):
    send(note().pk, now=NOW)
    assert not getattr(django_mail, "outbox", [])

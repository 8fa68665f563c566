"""What the ledger keeps of a mail, and how long."""

import pytest

from mailing import periodic
from mailing.composers import CalendarFile, Message
from mailing.models import UNDER_WAY, MailState, OutgoingMail
from mailing.periodic import purge
from mailing.queue import queue_text
from mailing.sending import send
from tests.factories import NOW
from tests.mailing.arrived import only, text_of
from tests.mailing.rows import note
from tests.mailing.times import days, seconds

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("age", "state", "body"),
    [(days(90), MailState.SENT, "本文"), (days(90) + seconds(1), MailState.PURGED, "")],
    ids=["after 90 days", "one second later"],
)
def test_the_content_is_kept_90_days(age, state, body):
    mail = note(state=MailState.SENT, body="本文", subject="件名", due_at=NOW - age)
    purge(now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (state, body)


@pytest.mark.parametrize("state", [MailState.SENT, MailState.BOUNCED, MailState.FAILED, MailState.SUPERSEDED])
def test_a_purged_mail_tells_what_became_of_it_and_nothing_else(state):
    mail = note(
        state=state,
        due_at=NOW - days(91),
        sent_at=NOW - days(91),
        subject="件名",
        body="本文",
        context={"reason": "相談員の急な不在"},
        attachments=[{"name": "invite.ics", "content_type": "text/calendar", "content": "BEGIN:VCALENDAR"}],
    )
    purge(now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.context, mail.sent_at) == (MailState.PURGED, {"was": state}, NOW - days(91))
    assert (mail.subject, mail.body, mail.attachments) == ("", "", [])
    purge(now=NOW)
    mail.refresh_from_db()
    assert mail.context == {"was": state}


def test_a_purge_takes_a_bounded_number_and_the_next_one_the_rest(monkeypatch):
    monkeypatch.setattr(periodic, "PURGE_BATCH", 2)
    monkeypatch.setattr(periodic, "MOST_PURGED", 4)
    for number in range(5):
        note(cause=str(number), state=MailState.SENT, body="本文", due_at=NOW - days(91))
    purge(now=NOW)
    assert OutgoingMail.objects.filter(state=MailState.PURGED).count() == 4
    purge(now=NOW)
    assert OutgoingMail.objects.filter(state=MailState.PURGED).count() == 5


@pytest.mark.parametrize(
    ("age", "rows"), [(days(365), 1), (days(365) + seconds(1), 0)], ids=["after a year", "one second later"]
)
def test_the_delivery_record_is_kept_one_year(age, rows):
    note(state=MailState.SENT, due_at=NOW - age)
    purge(now=NOW)
    assert OutgoingMail.objects.count() == rows


@pytest.mark.parametrize("state", UNDER_WAY)
def test_a_mail_that_is_still_to_be_sent_is_never_purged(state):
    note(state=state, body="本文", due_at=NOW - days(400))
    purge(now=NOW)
    assert OutgoingMail.objects.get().body == "本文"


INVITATION = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nURL:https://x.example/guest/abcdef\r\n 012345\r\nEND:VCALENDAR\r\n"


def test_the_row_holds_what_went_out(says, smtp_server):
    says(Message(subject="件名", body="本文\n", calendar=CalendarFile(content=INVITATION, method="REQUEST")))
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.subject, mail.body) == ("件名", "本文\n")
    (kept,) = mail.attachments
    (attached,) = only(smtp_server).iter_attachments()
    assert kept == {
        "name": attached.get_filename(),
        "content_type": "text/calendar; method=REQUEST",
        "content": attached.get_payload(decode=True).decode(),
    }


def test_what_opens_something_goes_out_and_is_not_kept(says, smtp_server):
    page = "https://x.example/guest/abcdef012345"
    calendar = CalendarFile(content=INVITATION, method="REQUEST")
    body = f"パスワード: ABCDE-FGHJK\n{page}\n"
    says(Message(subject="件名", body=body, calendar=calendar, secrets=("ABCDE-FGHJK", page, "")))
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.body == "パスワード: ●●●●●●\n●●●●●●\n"
    assert "URL:●●●●●●\r\nEND" in mail.attachments[0]["content"]
    (attached,) = only(smtp_server).iter_attachments()
    assert attached.get_payload(decode=True) == INVITATION
    assert only(smtp_server).get_body(("plain",)).get_content().replace("\r\n", "\n") == body


def test_a_secret_text_that_is_composed_is_never_written_down(says, smtp_server):
    smtp_server.refuse_with = "451 later"
    says(Message(subject="s", body="https://x.example/key\n"))
    mail = note(is_secret=True)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (MailState.DELAYED, "")


@pytest.mark.parametrize(
    ("bounces_to", "sender"),
    [("", "yoyaku@hellowork-sample.example"), ("bounces@hellowork-sample.example", "bounces@hellowork-sample.example")],
    ids=["to the portal's address", "to an address of their own"],
)
def test_reports_go_to_the_sender_on_the_envelope_and_people_see_the_portal(
    says, smtp_server, settings, bounces_to, sender
):
    settings.DEFAULT_FROM_EMAIL = "ハローワーク 見本 <yoyaku@hellowork-sample.example>"
    settings.MAIL_BOUNCES_TO = bounces_to
    send(note().pk, now=NOW)
    assert smtp_server.envelope_senders == [sender]
    assert only(smtp_server)["From"] == settings.DEFAULT_FROM_EMAIL
